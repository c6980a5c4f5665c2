"""What a gallery has in use, read from its version folders, and what auto stands for with it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from engine.models.network import Network
from engine.progress import Event, Message
from engine.recognition import active_models
from engine.recognition.active_models import load_active_models, load_model
from engine.records.jobs import ModelVersion
from engine.store import Store
from tests.trained import TrainedOnce, another_version

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
    ),
]


@pytest.fixture
def store(trained_once: TrainedOnce, tmp_path: Path) -> Iterator[Store]:
    with Store.open(trained_once.copy(tmp_path / "some.gallery")) as opened:
        yield opened


@pytest.fixture
def choices(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Each time that auto was chosen anew."""
    made: list[object] = []
    choose = active_models.select_methods

    def noted(trials: object) -> object:
        made.append(trials)
        return choose(trials)  # type: ignore[arg-type]

    monkeypatch.setattr(active_models, "select_methods", noted)
    return made


def version(store: Store, kind: str) -> ModelVersion:
    return next(one for one in store.models.all() if one.kind == kind)


def auto_file(store: Store) -> Path:
    return store.folder / "models" / "auto.json"


def test_only_what_is_active_is_read(store: Store) -> None:
    assert set(load_active_models(store, None).models) == {"mlp"}
    store.models.activate(version(store, "triplet").id, "triplet")
    assert set(load_active_models(store, None).models) == {"mlp", "triplet"}
    store.models.activate(None, "mlp")
    store.models.activate(None, "triplet")
    found = load_active_models(store, None)
    assert found.models == {}
    assert found.auto.members == ("knn",)


def test_a_model_is_read_with_its_meaning(store: Store) -> None:
    model = load_model(store, version(store, "mlp"))
    identities = [identity.id for identity in store.people.all()]
    assert sorted(model.identity_ids.tolist()) == sorted(identities)
    assert model.network.outputs == len(identities)
    assert model.calibration is not None
    assert model.calibration.features == ("logit", "level")


def test_the_choice_is_made_once_for_the_same_versions(store: Store, choices: list[object]) -> None:
    auto_file(store).unlink(missing_ok=True)
    first = load_active_models(store, None).auto
    second = load_active_models(store, None).auto
    assert len(choices) == 1
    assert first == second


def test_other_versions_in_use_are_chosen_among_anew(store: Store, choices: list[object]) -> None:
    load_active_models(store, None)
    before = len(choices)
    store.models.activate(version(store, "triplet").id, "triplet")
    load_active_models(store, None)
    assert len(choices) == before + 1
    assert list(choices[-1]) == ["knn", "triplet", "mlp"]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"format": 1}',
        b'{"format": 1, "versions": "IDS", "auto": {"members": []}}',
        b'{"format": 1, "versions": "IDS", "auto": {"members": ["svm"], "calibration": null, '
        b'"reason": "", "otherwise": null}}',
        b'{"format": 1, "versions": "IDS", "auto": {"members": ["triplet"], "calibration": null, '
        b'"reason": "", "otherwise": null}}',
        b'{"format": 1, "versions": "IDS", "auto": {"members": ["knn", "mlp"], "calibration": '
        b'"{}", "reason": "", "otherwise": null}}',
    ],
)
def test_a_damaged_choice_is_made_anew(store: Store, choices: list[object], content: bytes) -> None:
    expected = load_active_models(store, None).auto
    choices.clear()
    ids = json.dumps([version(store, "mlp").id]).encode()
    auto_file(store).write_bytes(content.replace(b'"IDS"', ids))
    assert load_active_models(store, None).auto == expected
    assert len(choices) == 1
    assert load_active_models(store, None).auto == expected
    assert len(choices) == 1


@pytest.mark.parametrize("kind", ["mlp", "triplet"])
def test_weights_of_another_gallery_are_refused(store: Store, kind: str) -> None:
    one = version(store, kind)
    file = store.folder / "models" / one.id / "network.npz"
    network = Network.load(file)
    replace(network, distance="euclidean").save(file)
    with pytest.raises(ModelError, match=r"belong to another model.*Train it again"):
        load_model(store, one)


def test_an_mlp_of_other_identities_than_its_weights_is_refused(store: Store) -> None:
    one = version(store, "mlp")
    file = store.folder / "models" / one.id / "version.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    record["identity_ids"].pop()
    file.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ModelError, match="belong to another model"):
        load_model(store, one)


def test_an_untried_model_can_be_in_use_and_auto_leaves_it_alone(store: Store) -> None:
    old, models = version(store, "mlp"), store.folder / "models"
    new = another_version(models / old.id, models / "mlp-20301231-000000-aaaa")
    for name in ("calibration.json", "trials.npz", "knn-trials.npz"):
        (new / name).unlink()
    store.models.add(replace(old, id=new.name, active=False), activate=True)
    told: list[Event] = []
    found = load_active_models(store, told.append)
    assert told == []
    assert found.models["mlp"].calibration is None
    assert found.auto.members == ("knn",)
    assert found.auto.reason == "untested"


def test_a_damaged_model_is_told_of_as_an_alarm_and_the_others_stay(store: Store) -> None:
    triplet = version(store, "triplet").id
    store.models.activate(triplet, "triplet")
    (store.folder / "models" / triplet / "network.npz").write_bytes(b"PK")
    told: list[Event] = []
    found = load_active_models(store, told.append)
    assert set(found.models) == {"mlp"}
    (message,) = told
    assert isinstance(message, Message)
    assert message.alarm
    assert "triplet model is not used" in message.text
    assert "network.npz" in message.text


def test_a_network_in_use_gives_what_it_gave_when_it_was_trained(store: Store) -> None:
    _, _, vectors = store.faces.vectors()
    for kind in ("mlp", "triplet"):
        network = load_model(store, version(store, kind)).network
        outputs = network(vectors)
        assert outputs.shape == (len(vectors), network.outputs)
        assert np.isfinite(outputs).all()
