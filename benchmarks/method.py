"""The words of RESULTS.md that do not depend on a run."""

METHOD = """\
Made by `make bench` (sizes selectable: `make bench SIZES="4324 100000 1000000"`) and written by
`python -m benchmarks.report`; do not edit. Figures of one size come from one run, in which all take
turns: each repetition asks every library once, another one first each time. Shown is the median of
the repetitions with the lowest and the highest; *engine / it* is the ratio within each repetition,
then the median. On another machine the times differ and the ratios hold.

- **Each library lives in a process of its own**, and one works at a time. Memory is what its
  process grows by until it has loaded its index and answered once. Peak is the most that a process
  held beyond what it began with, in sizes of the float32 vectors; the libraries' begins after their
  input is in memory, the engine's before it has read the file.
- **Face Gallery** is `Gallery.identify`, from an embedding to votes, calibrated verdict, candidates
  and evidence. The others find the five nearest and no more.
- **Same graph for all**: M, ef_construction and ef are those of the engine's index, read from the
  open gallery. faiss HNSW and usearch get the same numbers; how they use them is their affair.
  Vectors are of unit length, in float32, searched by inner product (scikit-learn: Euclidean, which
  orders alike). hnswlib is built without the instructions of the machine's own processor
  (`HNSWLIB_NO_NATIVE=1`), as the program installs it, in both rows; faiss and usearch pick
  theirs. On Linux the engine has a graph of 32 MB or more lie in pages of 2 MB, where the system
  offers them; the libraries lie where they put themselves.
- **Threads**: single queries one thread each (the engine chooses itself, and takes one), batches
  and builds all cores, the engine's import as it does it.
- **Queries**, 1,000 at every size but the smallest: faces of enrolled people that are not enrolled,
  and strangers, mixed. 99th percentile over the single queries of all repetitions. An exact
  search that takes more than 10 ms a query gets a smaller batch, named below the table.
- **Recall@5** against exact search in NumPy, of all queries, and apart of enrolled people's and
  of strangers': a graph misses more of a stranger's nearest, who lie between the people. For the
  engine it is that of the evidence that it shows.
- **Import** is the façade's, from an `.npz` into a new gallery, until every face is on disk and
  findable; beside it the same rows into bare SQLite (one transaction, synchronous FULL), and bare
  builds. A change of one face is on disk (synchronous FULL) and in the index before the time stops,
  on both sides.
- **Open** begins when the process has imported its modules, with the files in the system's cache.
- 4,324 is the sample in `data/`: 324 of its faces are asked and 4,000 enrolled; the strangers are
  real ones where they lie beside the project, else made up, and then found a little less often. All
  other sizes are made up."""

GENERATOR = """\
`benchmarks/generator.py` tells how they are made: people of several kinds, each with a scatter of
its own, log-normal in width, with heavy tails and some faces astray, all fitted on real faces by
`benchmarks/fitting.py`; the fitted means, covariances and quantiles are `benchmarks/faces.npz`.
Faces per person are log-normal (sigma 1.2), ten on average. `python -m benchmarks.difficulty` holds
them against real ones: unit length, Euclidean distance, local intrinsic dimension by maximum
likelihood over 20 neighbours (Levina and Bickel 2004; Amsaleg et al. 2015), relative contrast as
the mean distance over the nearest.

What still differs: real faces have a few nearer twins (pictures of one moment); distances among
made-up people scatter more, their farthest are farther; and of people with one face each a search
as narrow as six candidates misses more than of real ones. What is measured on made-up faces errs,
if anything, on the hard side."""

SOAK = """\
`make soak`: a script chooses at random, with a fixed seed, among everything that a person can do in
the window, and does it with mouse and keys; a watchdog notes each time that the UI thread leaves an
event waiting for more than 50 ms, and where it was. *own* is what the thread itself needed; the
rest of a stall is a wait for a processor that something else had. Every four minutes everything is
put away and the gallery closed: what a window without a gallery holds can be held against what it
held before, while what it holds with one depends on what is shown and under way. The limit on
memory is for the former."""
