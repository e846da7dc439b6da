using System.Text;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Reference.Tiny;
using Xunit;

namespace Crescent.Tests.Reference;

/// <summary>The mini-reader of safetensors on bytes laid out by hand, and on a published form of a tiny model.</summary>
public sealed class SafetensorsReferenceTests
{
    [Fact]
    public void A_file_is_read_by_its_offsets()
    {
        using var folder = new TemporaryFolder();
        var header = """{"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}   """;
        byte[] data = [0, 0, 0x80, 0x3F, 0x80, 0x3F, 0x00, 0xC0];
        File.WriteAllBytes(folder.File("model.safetensors"), [.. BitConverter.GetBytes((ulong)header.Length), .. Encoding.ASCII.GetBytes(header), .. data]);
        var reader = new SafetensorsReference(folder.Path);
        Assert.Equal(["a", "b"], reader.Names.Order());
        Assert.Equal([1], reader.Read("a"));
        Assert.Equal([1, -2], reader.Read("b"));
    }

    [Fact]
    public void What_lies_beside_a_tensor_says_how_it_is_decoded()
    {
        using var folder = new TemporaryFolder();
        SafetensorsReference.WriteFile(folder.File("model.safetensors"),
        [
            ("fp8.weight", new StoredTensor("F8_E4M3", [1, 2], [0x38, 0x7E])),
            ("fp8.weight_scale_inv", new StoredTensor("F32", [1, 1], BitConverter.GetBytes(0.5f))),
            ("int4.weight_packed", new StoredTensor("I32", [1, 4], [0x10, 0x32, 0x54, 0x76, .. new byte[12]])),
            ("int4.weight_scale", new StoredTensor("BF16", [1, 1], [0x80, 0x3F])),
            ("experts.up_blocks", new StoredTensor("U8", [1, 1, 1, 16], [0x21, .. new byte[15]])),
            ("experts.up_scales", new StoredTensor("U8", [1, 1, 1], [128])),
        ]);
        var reader = new SafetensorsReference(folder.Path);
        Assert.Equal([0.5, 224], reader.Read("fp8.weight"));
        Assert.Equal([-8, -7, -6, -5, -4, -3, -2, -1, -8], reader.Read("int4.weight")[..9]);
        Assert.Equal([1, 2, 0], reader.Read("experts.up")[..3]);
    }

    [Fact]
    public void Parts_of_one_name_are_joined_by_rows_and_those_of_a_down_projection_by_columns()
    {
        using var folder = new TemporaryFolder();
        static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
        SafetensorsReference.WriteFile(folder.File("a-TP-000.safetensors"), [("w1.weight", new StoredTensor("F32", [1, 2], Floats(1, 2))), ("w2.weight", new StoredTensor("F32", [2, 1], Floats(1, 2)))]);
        SafetensorsReference.WriteFile(folder.File("a-TP-001.safetensors"), [("w1.weight", new StoredTensor("F32", [1, 2], Floats(3, 4))), ("w2.weight", new StoredTensor("F32", [2, 1], Floats(3, 4)))]);
        var reader = new SafetensorsReference(folder.Path);
        Assert.Equal([1, 2, 3, 4], reader.Read("w1.weight"));
        Assert.Equal([1, 3, 2, 4], reader.Read("w2.weight"));
    }

    [Fact]
    public void A_model_in_files_has_the_logits_of_its_values()
    {
        using var folder = new TemporaryFolder();
        var tensors = TinyKimiLinear.Model.Tensors;
        foreach (var (shard, number) in tensors.Shapes.Chunk(50).Select((shard, number) => (shard, number)))
        {
            SafetensorsReference.WriteFile(
                folder.File($"model-{number + 1:D5}.safetensors"),
                shard.Select(entry => (entry.Key, new StoredTensor("F32", entry.Value, [.. tensors.Read(entry.Key).SelectMany(value => BitConverter.GetBytes((float)value))]))));
        }

        var logits = new KimiLinearReference(TinyKimiLinear.Config, new SafetensorsReference(folder.Path).Read).Logits(TinyModel.Tokens[..8]);
        Assert.Equal(TinyKimiLinear.Model.Reference(TinyModel.Tokens[..8]), logits);
    }
}
