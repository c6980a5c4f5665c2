"""Trained models of an encrypted gallery lie on disk encrypted and, while it is open, in memory."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from engine.gallery import Gallery
from engine.progress import Event, Reporter
from engine.records.jobs import TrainingRequest
from engine.store import recovery
from engine.store.encryption import model_files
from tests.sealed import OTHER, PASSPHRASE, Secrets, needs_sqlcipher
from tests.trained import QUICK, TrainedOnce

pytestmark = [
    pytest.mark.slow,
    needs_sqlcipher,
    pytest.mark.skipif(bool(model_files.missing_memory()), reason="no folder in memory"),
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
    ),
]


@pytest.fixture
def folder(trained_once: TrainedOnce, tmp_path: Path) -> Path:
    return trained_once.copy(tmp_path / "some.gallery")


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the test's own galleries lay what is in memory."""
    with TemporaryDirectory(dir="/dev/shm") as place:
        monkeypatch.setattr(model_files, "_own_place", lambda: Path(place))
        yield Path(place)


def on_disk(folder: Path) -> set[str]:
    return {path.name for path in (folder / "models").rglob("*") if path.is_file()}


def test_models_go_there_and_back_with_their_gallery(folder: Path, tmp_path: Path):
    with Gallery.open(folder) as gallery:
        secrets, query = Secrets(gallery), gallery.faces.vector(5)
        models, files = gallery.models.all(), on_disk(folder)
        answers = [gallery.identify(query, method=name)[0] for name in gallery.recogniser.methods()]
        gallery.encrypt(PASSPHRASE)
        assert on_disk(folder) == {"sealed.db"}
        assert secrets.in_clear(folder) == []
        assert gallery.models.all() == models
        again = [gallery.identify(query, method=name)[0] for name in gallery.recogniser.methods()]
        assert [one.name for one in again] == [one.name for one in answers]
        assert gallery.models.curves(models[0].id)
        gallery.change_passphrase(OTHER)
        assert gallery.check().ok
        made = gallery.backups.write(tmp_path / "backup.zip")
        assert made.models
        assert secrets.in_clear(made.path) == []
        recovery.restore_backup(made.path, tmp_path / "restored.gallery", passphrase=OTHER)
        gallery.decrypt()
        assert on_disk(folder) >= files - {"auto.json"}
        assert gallery.check().ok
    with Gallery.open(tmp_path / "restored.gallery", passphrase=OTHER) as restored:
        assert restored.check().ok
        assert len(restored.recogniser.methods()) == 1 + len(made.models)


def test_a_training_lays_nothing_on_disk_in_clear(folder: Path, in_memory: Path):
    with Gallery.open(folder) as gallery:
        secrets = Secrets(gallery)
        gallery.encrypt(PASSPHRASE)
        found: list[str] = []
        seen: set[str] = set()

        def look(event: Event) -> None:
            if type(event).__name__ not in seen:
                seen.add(type(event).__name__)
                found.extend(secrets.in_clear(folder))

        request = TrainingRequest(kinds=("mlp",), changes=QUICK)
        version = gallery.models.train(request, Reporter(look)).models[0]
        assert seen
        assert found == secrets.in_clear(folder) == []
        assert on_disk(folder) == {"sealed.db"}
        assert list(in_memory.iterdir())
    assert not list(in_memory.iterdir())
    with Gallery.open(folder, passphrase=PASSPHRASE) as gallery:
        gallery.models.activate(version.id)
        assert gallery.identify(gallery.faces.vector(5), method="mlp")[0].candidates
        gallery.models.delete(version.id)
        assert not (folder / "models" / version.id).exists()
        assert gallery.check().ok


def test_a_reader_finds_what_the_writer_trained_meanwhile(folder: Path):
    with Gallery.open(folder) as writer:
        writer.encrypt(PASSPHRASE)
        version = next(one for one in writer.models.all() if one.kind == "mlp")
        writer.models.deactivate("mlp")
        with Gallery.open(folder, write=False, passphrase=PASSPHRASE) as reader:
            assert "mlp" not in reader.recogniser.methods()
            writer.models.activate(version.id)
            assert "mlp" in reader.recogniser.methods()


def test_a_damaged_model_is_told_of_and_left_out(folder: Path):
    with Gallery.open(folder) as gallery:
        gallery.encrypt(PASSPHRASE)
    for sealed in folder.glob("models/*/sealed.db"):
        sealed.write_bytes(sealed.read_bytes()[: 4096 * 2])
    with Gallery.open(folder, passphrase=PASSPHRASE) as gallery:
        assert gallery.recogniser.methods() == ("knn",)
        assert len(gallery.check().problems) == 2


def test_without_a_folder_in_memory_models_rest_and_it_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    with Gallery.open(folder) as gallery:
        gallery.encrypt(PASSPHRASE)
    monkeypatch.setattr(model_files, "_MOUNTS", folder / "nowhere")
    with Gallery.open(folder, passphrase=PASSPHRASE) as gallery:
        assert gallery.recogniser.methods() == ("knn",)
        assert "/dev/shm" in gallery.models.obstacle()
        assert len(gallery.models.all()) == 2
