using System.Security.Cryptography;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Crescent.Tests.Reference.Tiny;
using Xunit;

namespace Crescent.Tests.Reference;

/// <summary>The writer of Grok-1's pickles against numpy's bytes, and the mini-reader against the writer.</summary>
public sealed class GrokPickleTests
{
    [Fact]
    public void Arrays_are_the_bytes_that_numpy_writes()
    {
        Assert.Equal(Golden("vector.pickle"), GrokPickleWriter.Array([7], [.. Enumerable.Range(0, 7).Select(i => (i * 0.25f) - 1)]));
        Assert.Equal(Golden("matrix.pickle"), GrokPickleWriter.Array([300, 2], [.. Enumerable.Range(0, 600).Select(i => i * 0.5f)]));
        var tall = GrokPickleWriter.Array([80000, 2], [.. Enumerable.Range(0, 160000).Select(i => i * 0.5f)]);
        Assert.Equal("b121ad45308291821cd124dfa745c27f20e6d4ca6cdbf9ab706c5e17190ecfc4", Convert.ToHexStringLower(SHA256.HashData(tall)));
    }

    [Fact]
    public void Quantized_weights_are_the_bytes_that_numpy_writes()
    {
        Assert.Equal(Golden("quantized.pickle"), GrokPickleWriter.Quantized([2, 4, 6], Codes(48), [2, 2, 6], Scales(24)));
        var large = GrokPickleWriter.Quantized([8, 100, 100], Codes(80000), [8, 1, 100], Scales(800));
        Assert.Equal("fe11f06fa19b35c94f5a0e753d9c79b34e0b1f14b8fef257ea8403fd2c6515d1", Convert.ToHexStringLower(SHA256.HashData(large)));
    }

    [Fact]
    public void The_release_has_as_many_bytes_beside_its_payloads()
    {
        // tensor00002_000 of the release: 1,611,137,347 bytes, of which 1,610,612,736 are weights and 524,288 scales. The sizes here take the same opcodes:
        // lengths of two bytes, both payloads outside of frames.
        const int Release = 1611137347 - 1610612736 - 524288;
        var (codes, scales) = (Codes(8 * 300 * 300), Scales(8 * 14 * 300));
        Assert.Equal(Release, GrokPickleWriter.Quantized([8, 300, 300], codes, [8, 14, 300], scales).Length - codes.Length - scales.Length);
    }

    [Fact]
    public void The_mini_reader_finds_payloads_of_every_length()
    {
        using var folder = new TemporaryFolder();
        var sizes = new GrokPickleSizes(1, 40, 16, 8, 2, 24, Groups: 2);
        foreach (var (number, shape, groups) in Enumerable.Range(0, 14).Select(number => (number, sizes.Of(number).Shape, sizes.Of(number).Groups)))
        {
            var count = shape.Aggregate(1, (product, length) => product * length);
            var bytes = groups == 0
                ? GrokPickleWriter.Array(shape, [.. Enumerable.Range(0, count).Select(i => i + 0.5f)])
                : GrokPickleWriter.Quantized(shape, Codes(count), [.. shape[..^2], groups, shape[^1]], Scales(count / shape[^2] * groups));
            File.WriteAllBytes(folder.File($"tensor{number:D5}_000"), bytes);
        }

        var reader = new GrokPickleReference(folder.Path, sizes);
        Assert.Equal(Enumerable.Range(0, 640).Select(i => i + 0.5), reader.Read("tensor00000_000"));
        Assert.Equal(Enumerable.Range(0, 16).Select(i => i + 0.5), reader.Read("tensor00001_000"));
        // Down: [2, 24, 16], groups of 12 inputs; input 12 of the second matrix has the scales of row 3.
        var down = reader.Read("tensor00003_000");
        Assert.Equal((sbyte)Codes(768)[(36 * 16) + 5] * ((3 * 16) + 5 + 1) / 64.0, down[(36 * 16) + 5]);
        // Key: [16, 8], one group.
        Assert.Equal((sbyte)Codes(128)[(15 * 8) + 7] * 8 / 64.0, reader.Read("tensor00005_000")[(15 * 8) + 7]);
    }

    [Fact]
    public void A_written_release_has_the_logits_of_its_values()
    {
        using var folder = new TemporaryFolder();
        TinyGrok1.Write(folder.Path);
        var fromFiles = new Grok1Reference(TinyGrok1.Config, new GrokPickleReference(folder.Path, TinyGrok1.Sizes).Read).Logits(TinyModel.Tokens[..8]);
        var direct = new Grok1Reference(TinyGrok1.Config, TinyGrok1.Read).Logits(TinyModel.Tokens[..8]);
        Assert.Equal(direct, fromFiles);
        // Layers in the order of numbers instead of names: another model.
        var swapped = new Grok1Reference(TinyGrok1.Config, name => TinyGrok1.Read(InNumericOrder(name))).Logits(TinyModel.Tokens[..8]);
        Assert.True(direct[^1].Zip(swapped[^1], (a, b) => Math.Abs(a - b)).Max() > 0.1);
    }

    private static string InNumericOrder(string name)
    {
        var number = int.Parse(name.AsSpan("tensor".Length, 5));
        if (number < 2)
        {
            return name;
        }

        var layer = Grok1Reference.LayerOrder(TinyGrok1.Config.Layers)[(number - 2) / Grok1Reference.TensorsPerLayer];
        return $"tensor{2 + (layer * Grok1Reference.TensorsPerLayer) + ((number - 2) % Grok1Reference.TensorsPerLayer):D5}_000";
    }

    private static byte[] Codes(int count) => [.. Enumerable.Range(0, count).Select(i => unchecked((byte)((i * 37 % 255) - 127)))];

    private static byte[] Scales(int count) =>
        [.. Enumerable.Range(1, count).SelectMany(i => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(i / 64f) >> 16)))];

    private static byte[] Golden(string name) => File.ReadAllBytes(Path.Combine(SharedData.RepositoryRoot(), "tests", "golden", "grok-pickles", name));
}
