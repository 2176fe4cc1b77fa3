"""How much of a network's mistakes people make too, counted by hand over ten faces."""

import json

import numpy as np
import pytest

from mien.analysis.confusions import score_leads
from mien.analysis.people import network_and_people
from mien.analysis.shared_mistakes import Counted, people_on, shared_mistakes
from tests.analysis.made_votes import ten


def test_ten_faces():
    found = shared_mistakes(*ten())
    assert found.mistakes.overruled == Counted(count=4, of=5)
    assert found.mistakes.as_network == Counted(count=3, of=5)
    assert found.correct.overruled == Counted(count=1, of=3)
    assert found.correct.as_network == Counted(count=2, of=3)
    assert found.as_network_of_overruled == Counted(count=3, of=4)
    assert found.mistaken_of_overruled == Counted(count=4, of=5)
    assert found.mistaken_of_confirmed == Counted(count=1, of=3)
    assert (found.without_vote, found.tied) == (2, 1)


def test_intervals():
    found = shared_mistakes(*ten())
    # Wilson's interval of 4 of 5, and Newcombe's of 4 of 5 less 1 of 3, from their formulas by hand
    assert found.mistakes.overruled.interval == pytest.approx((0.3755, 0.9638), abs=1e-4)
    assert found.difference == pytest.approx((-0.1585, 0.7840), abs=1e-4)
    assert Counted(count=0, of=0).share is None
    json.dumps(found.to_dict(), allow_nan=False)


def test_it_counts_the_same_shared_mistakes_as_the_audit():
    predictions, votes = ten()
    beside = network_and_people("cnn", predictions.probs, predictions.labels, votes)
    assert beside.people_too == shared_mistakes(predictions, votes).mistakes.as_network.count == 3
    assert np.array(beside.confusion).tolist() == [[1, 0, 0], [1, 1, 3], [0, 1, 1]]
    assert np.trace(beside.confusion) == beside.faces - beside.mistakes


def test_only_the_chosen_faces_count():
    predictions, votes = ten()
    found = people_on(predictions, votes, np.arange(10) == 2)
    assert (found.overruled.count, found.as_network.count, found.overruled.of) == (1, 0, 1)


def test_without_a_mistake_there_is_no_difference():
    predictions, votes = ten()
    right = predictions.predicted == predictions.labels
    found = shared_mistakes(predictions.select(right), votes.select(np.flatnonzero(right)))
    assert (found.difference, found.mistakes.overruled.share) == (None, None)
    assert found.mistakes.overruled.told() == "none"


def test_leads_of_mistakes_and_of_correct_faces():
    predictions, _ = ten()
    assert score_leads(predictions, of_mistakes=True) == pytest.approx(
        [0.8, 0.04, 0.8, 0.8, 0.04, 0.8], abs=1e-6
    )
    assert score_leads(predictions) == pytest.approx([0.8, 0.8, 0.04, 0.8], abs=1e-6)
