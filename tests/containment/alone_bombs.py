"""Bombs that are small enough for each run of the suite; ``make bombs`` runs all of them.

What counts is what the worker used, not the clock: a busy machine is no fault.
"""

import pytest

from tests.containment.bomb import every
from tests.containment.meter import Meter
from tests.containment.run import faults

FAST = (
    *("zip/quine", "zip/wide-claims", "zip/claims-four-gigabytes"),
    *("zip/many-end-records", "zip/bzip2", "zip/lzma-with-a-huge-dictionary", "gzip/in-gzip"),
    *("gzip/thirty-times-in-itself", "xz/huge-dictionary", "zstd/flat", "zstd/huge-window"),
    *("tar/huge-size", "tar/negative-size", "tar/sparse", "7z/claims-many-files"),
    *("7z/claims-many-folders", "rar/claims-a-huge-size", "cab/claims-a-huge-folder"),
    *("lha/claims-a-huge-size", "iso/directory-of-itself", "cpio/claims-a-huge-size"),
    *("docx/entities-of-entities", "docx/entity-from-a-file", "docx/many-namespaces"),
    *("xlsx/huge-dimension", "xlsx/one-long-string-in-many-cells", "ods/many-tables"),
    *("pdf/cascade-of-flate", "pdf/wide-predictor", "pdf/prev-to-itself", "pdf/form-of-itself"),
    *("pdf/forms-of-forms", "pdf/pages-in-a-loop", "pdf/xfa", "pdf/attached-bomb"),
    *("pdf/huge-image-fax", "pdf/thousand-filters", "png/lying-size", "png/packed-text"),
    *("gif/huge-screen", "tiff/directories-in-a-loop", "tiff/huge-page", "jpeg/scans"),
    *("header/parameters", "nesting/multiparts", "nesting/messages", "html/has-selectors"),
    *("encoding/uuencoded-files", "ole/chain-in-a-loop", "ole/claims-a-huge-stream"),
    *("tnef/in-tnef", "locked/7z-with-a-slow-key"),
    *("locked/office-with-no-end", "rtf/binary-lies", "eml/attached-to-itself"),
)


@pytest.fixture(scope="module")
def meter(tmp_path_factory):
    with Meter(tmp_path_factory.mktemp("meter")).running() as made:
        yield made


@pytest.mark.parametrize("name", FAST)
async def test_a_bomb_does_no_harm_and_its_twin_is_read(meter, name):
    (one,) = (each for each in every() if each.name == name)
    cost, twin = await meter.read(one.mail(one.big)), await meter.read(one.mail(one.small))
    assert faults(cost, twin) == []


def test_there_are_bombs_of_every_kind():
    names = [each.name for each in every()]
    assert len(names) == len(set(names)) >= 300
    assert {"zip", "gzip", "xml", "pdf", "png", "header", "nesting", "text"} <= {
        each.family for each in every()
    }
