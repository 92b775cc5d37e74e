"""The memory of lanes: copies of an image whose addresses lead into each copy itself."""

import numpy as np

from pipeline.lane.image import Image

HEAD = np.dtype([("number", "i8"), ("to", "i8")])


def image_of() -> Image:
    image = Image({"head": np.array([(7, 0)], HEAD), "values": np.arange(6.0).reshape(2, 3)})
    image.point("head", "to", "values", offset=8)
    return image


def test_a_copy_holds_what_the_image_holds_and_points_into_itself():
    image = image_of()
    memory, addresses = image.copies(3)
    assert addresses.tolist() == [one.ctypes.data for one in memory]
    heads, values = image.view(memory, "head"), image.view(memory, "values")
    assert (heads.shape, values.shape) == ((3, 1), (3, 2, 3))
    assert heads["number"].tolist() == [[7]] * 3
    for place, address in enumerate(addresses.tolist()):
        own = image.view(memory[place], "values")
        assert own.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
        assert heads["to"][place, 0] == own.ctypes.data + 8 == address + image.place("values") + 8


def test_a_column_and_a_copy_show_the_same_memory():
    image = image_of()
    memory, _ = image.copies(4)
    image.view(memory, "values")[:, 1, 2] = [1.5, 2.5, 3.5, 4.5]
    assert [image.view(one, "values")[1, 2] for one in memory] == [1.5, 2.5, 3.5, 4.5]
    image.view(memory[2], "head")["number"] = 9
    assert image.view(memory, "head")["number"][:, 0].tolist() == [7, 7, 9, 7]
    assert image.view(image.copies(1)[0][0], "head")["number"].tolist() == [7]


def test_there_may_be_no_copy():
    memory, addresses = image_of().copies(0)
    assert (len(memory), len(addresses)) == (0, 0)
