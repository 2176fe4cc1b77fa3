"""Figures for a page: one svg element that takes the page's colours and holds the user's names as they are."""

import re
from xml.etree import ElementTree

from mien.diagnostics._canvas import COLOURS, canvas, drawing, save

NAME = "$\\frac{<b>&\"'"


def _figure(name=NAME):
    figure = canvas(7.2, 3, "a test")
    axes = figure.subplots()
    axes.plot([1, 2, 3], [2.123456, 1, 3], color=COLOURS[1], label=name)
    axes.set(xlabel=name, title="ψ 顔")
    axes.legend(frameon=False)
    return figure


def test_names_that_look_like_svg_stay_as_they_are():
    for name in ('a;" onload="x', "3.14159 #000000 #0072B2", "font-family: x; y"):
        figure = canvas(4, 3, "a test")
        axes = figure.subplots()
        axes.set_ylabel(name)
        axes.set_xticks([0], [name], rotation=90)
        svg = drawing(figure, "alt").svg
        tree = ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
        assert [element.text for element in tree.iter()].count(name) == 2
        assert not [key for element in tree.iter() for key in element.attrib if key.startswith("on")]


def test_names_are_text_and_colours_the_page_s():
    svg = drawing(_figure(), "alt").svg
    tree = ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    texts = [element.text for element in tree.iter() if element.tag.endswith("text")]
    assert texts.count(NAME) == 2
    assert "ψ 顔" in texts
    assert f"var(--series-2, {COLOURS[1]})" in svg
    assert "#000000" not in svg
    assert not re.search(r"\d\.\d{3}", svg)
    assert "<style" not in svg


def test_width_follows_inches_and_equal_figures_are_equal():
    svg = drawing(_figure(), "alt").svg
    assert svg.startswith('<svg viewBox="0 0 518.4 216" width="720"')
    assert drawing(_figure(), "alt").svg == svg


def test_the_same_figure_as_a_file(tmp_path):
    path = save(_figure(), tmp_path / "figures" / "one.png")
    assert path.read_bytes().startswith(b"\x89PNG")
