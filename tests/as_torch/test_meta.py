"""The device "meta", whose tensors have data after all."""

from tests.as_torch.programs import lines


def test_meta():
    assert lines("""
        import torch
        with torch.device("meta"):
            net = torch.nn.Linear(2, 3)
        print(torch.device("meta") == torch.device("meta"), net.weight.device, net.weight.shape)
        print(torch.ones(2).to("meta").tolist(), torch.device("cpu", 0).index)
        try:
            torch.device("moon")
        except RuntimeError as error:
            print("moon" in str(error))
    """) == ["True cpu torch.Size([3, 2])", "[1.0, 1.0] 0", "True"]
