"""An audit as tables for the terminal."""

from collections.abc import Sequence
from pathlib import Path

from mien.analysis.audited import Audit, DoubtedLabels, NoFaces, People, Same
from mien.cli._figures import print_table, show
from mien.core.wording import interval, percent


def print_audit(found: Audit, written: Sequence[Path] = ()) -> None:
    """Everything but the suspects themselves, and where these were written."""
    show(f"{found.source}: {found.faces:,} pictures\n")
    _print_same("identical pictures", found.identical)
    if found.near:
        _print_same("identical or nearly identical pictures", found.near)
    _print_no_faces(found.no_faces)
    if found.labels:
        _print_labels(found.labels, found.classes)
    if found.people:
        _print_people(found.people, found.classes)
    reasons = found.to_dict()["suspects"].items()
    print_table("suspects", ("reason", "pictures"), [(reason, f"{count:,}") for reason, count in reasons])
    for path in written:
        show(f"wrote {path}")


def _print_same(name: str, same: Same) -> None:
    show(
        f"{name}: {same.redundant:,} redundant in {same.groups:,} groups, {same.conflicting:,} with more than one "
        f"label, the largest of {same.largest:,}"
    )
    if same.pairs is not None:
        show(f"{same.pairs:,} nearly identical pairs, {same.mirrored:,} of them mirrored")
    if same.labels.share is not None:
        show(
            f"the same picture has the same label in {same.labels.agreeing:,} of {same.labels.pairs:,} pairs, "
            f"{percent(same.labels.share)} with every group weighing the same"
        )
    rows = [
        (
            f"{leak.part} in {leak.other}",
            *(f"{n:,}" for n in (leak.pictures, leak.same_label, leak.other_label)),
            percent(leak.pictures / max(leak.of, 1)),
        )
        for leak in same.leaks
    ]
    if rows:
        print_table("", ("also stands", "pictures", "same label", "another", "of the part"), rows)
    show("")


def _print_no_faces(found: NoFaces) -> None:
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(found.reasons.items()))
    show(f"probably no faces: {found.listed:,} listed" + (f" ({reasons})" if reasons else ""))
    if found.people is not None:
        show(f"{found.people:,} are no face to everyone; {found.both:,} of these are listed")
    show("")


def _print_labels(found: DoubtedLabels, classes: tuple[str, ...]) -> None:
    show(
        f"labels, by {found.run}: {percent(found.noise)} of {found.faces:,} faces estimated wrong, {found.listed:,} "
        "listed (a weak network counts its own mistakes in)"
    )
    if found.learned:
        show(
            f"{found.learned:,} more are not judged: their picture, or nearly the same, is among those it learned from"
        )
    rows = [
        (name, *(f"{100 * share:.1f}" for share in row))
        for name, row in zip(classes, found.joint, strict=True)
    ]
    print_table("percent of the faces: row label, column truth", ("label", *classes), rows)
    judged = [
        (f"first {one.first:,}", *(f"{n:,}" for n in (one.voted, one.overruled, one.as_proposed)))
        for one in found.judged
    ]
    if judged:
        print_table("judged by people", ("doubted labels", "with votes", "overruled", "as proposed"), judged)
    show("")


def _print_people(people: People, classes: tuple[str, ...]) -> None:
    rows = [
        (one.name, f"{one.faces:,}", percent(one.share), interval(one.interval), percent(one.ties_shared))
        for one in people.agreements
    ]
    print_table(
        "people's majority names the label", ("", "faces", "of them", "95 % interval", "ties shared"), rows
    )
    _print_confusion("people's majority", people.confusion, classes)
    if people.network:
        _print_confusion(
            f"what {people.network.run} predicts, faces with votes", people.network.confusion, classes
        )
    top = people.ceiling
    show(
        f"\non these labels a reader who sees what most people see is right in {percent(top.majority)}, "
        f"a single person in {percent(top.one_person)},\nwho knows the votes and which label they mostly go "
        f"with in {percent(top.best)}, at most"
    )
    _print_network(people)
    show("")


def _print_confusion(column: str, counts: tuple[tuple[int, ...], ...], classes: tuple[str, ...]) -> None:
    rows = [(name, *(f"{count:,}" for count in row)) for name, row in zip(classes, counts, strict=True)]
    print_table(f"\nrow label, column {column}", ("label", *classes), rows)


def _print_network(people: People) -> None:
    one = people.network
    if one is None:
        return
    together = "–" if one.together is None else f"{one.together:.2f}"
    show(
        f"{one.run} on {one.faces:,} faces: right in {percent(one.accuracy)}, with people's majority in "
        f"{percent(one.with_majority)};\n{one.people_too:,} of its {one.mistakes:,} mistakes are what most people see\n"
        f"distance from the votes {one.distance:.3f} (0 to 1), divergence {one.divergence:.3f} nats; entropy "
        f"{one.entropy[0]:.2f} nats, of the votes {one.entropy[1]:.2f}, rank correlation {together}"
    )
