using System.Buffers.Binary;
using System.Text;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.GrokPickle;
using Xunit;

namespace Crescent.Tests.Checkpoints;

/// <summary>Pickles made to harm: each is refused with its offset, quickly and in little memory.</summary>
public sealed class HostilePickleTests
{
    private const int DefaultSeeds = 150;
    private const long MostBytes = 1 << 20;
    private static readonly string[] s_texts =
    [
        "numpy.core.multiarray", "_reconstruct", "numpy", "ndarray", "dtype", "f4", "i1", "<", "|", "ml_dtypes", "bfloat16", "__main__", "QuantizedWeight8bit", "weight", "scales", "os", "system",
    ];

    public static TheoryData<string> Goldens =>
        ["f32-small", "i8-small", "i8-rank-4", "bf16-small", "quantized-small", "quantized-protocol-3", "f32-protocol-3", "f32-vector"];

    [Theory]
    [InlineData("", "an empty file")]
    [InlineData("GGUF\u0003\0\0\0", "a GGUF file")]
    [InlineData("\u0080", "expected a Python pickle")]
    [InlineData("\u0080\u0001.", "protocol: expected 2 to 5, found 1")]
    [InlineData("\u0080\u0006.", "protocol: expected 2 to 5, found 6")]
    [InlineData("\u0080\u0004", "offset 2: opcode: expected 1 bytes, found the file ends after 0")]
    [InlineData("\u0080\u0004.", "stack: expected 1 values")]
    [InlineData("\u0080\u0004N.", "found None")]
    [InlineData("\u0080\u0004N.N", "0 more objects, 1 more bytes")]
    [InlineData("\u0080\u0004NN.", "1 more objects, 0 more bytes")]
    [InlineData("\u0080\u0004(N.", "end of the pickle")]
    [InlineData("\u0080\u0004cos\nsystem\n(\u008c\u0002lstR.", "offset 2: global: expected numpy's arrays, bfloat16 or QuantizedWeight8bit, found 'os.system'")]
    [InlineData("\u0080\u0004cos\nsystem", "a line's end")]
    [InlineData("\u0080\u0004cnumpy\nsave\n.", "'numpy.save'")]
    [InlineData("\u0080\u0004c__main__\nQuantizedWeight8bit\n)R.", "call: expected _reconstruct")]
    [InlineData("\u0080\u0004cnumpy\nndarray\n)\u0081.", "new object: expected QuantizedWeight8bit without arguments, found NdArray with ()")]
    [InlineData("\u0080\u0004c__main__\nQuantizedWeight8bit\n)\u0081}b.", "state of QuantizedWeight8bit")]
    [InlineData("\u0080\u0004c__main__\nQuantizedWeight8bit\n)\u0081.", "found a QuantizedWeight8bit")]
    [InlineData("\u0080\u0004NNb.", "state: expected an object without one, found None")]
    [InlineData("\u0080\u0004h\0.", "memo index: expected one of 0 that were stored, found 0")]
    [InlineData("\u0080\u0004j\u00ff\u00ff\u00ff\u00ff.", "found 4294967295")]
    [InlineData("\u0080\u0004\u0094.", "stack: expected 1 values")]
    [InlineData("\u0080\u0004t.", "a mark for the opcode")]
    [InlineData("\u0080\u0004N(\u0085.", "stack: expected 1 values")]
    [InlineData("\u0080\u0004NNs.", "stack: expected 1 values")]
    [InlineData("\u0080\u0004NNNs.", "dictionary: expected pairs")]
    [InlineData("\u0080\u0004}(Nu.", "dictionary: expected pairs")]
    [InlineData("\u0080\u0004}NNs.", "key of a dictionary: expected text, each key once, found None")]
    [InlineData("\u0080\u0004}\u008c\u0001aN\u008c\u0001aNu.", "a mark for the opcode")]
    [InlineData("\u0080\u0004}(\u008c\u0001aN\u008c\u0001aNu.", "each key once, found 'a'")]
    [InlineData("\u0080\u0004X\u00ff\u00ff\u00ff\u007f", "length of a string: expected at most 256 bytes, found 2147483647")]
    [InlineData("\u0080\u0004\u008c\u0002\u00c3\u0028.", "string: expected UTF-8, found C328")]
    [InlineData("\u0080\u0004\u008e\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "length of bytes: expected at most the 0 bytes left, found 18446744073709551615")]
    [InlineData("\u0080\u0004\u008e\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f", "found 9223372036854775807")]
    [InlineData("\u0080\u0004B\u0002\0\0\0a", "at most the 1 bytes left, found 2 (is the download complete?)")]
    [InlineData("\u0080\u0004\u008a\u0009\0\0\0\0\0\0\0\0\0.", "length of an integer: expected at most 8 bytes, found 9")]
    [InlineData("\u0080\u0004\u0095\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "length of a frame")]
    [InlineData("\u0080\u0004\u0095\u000a\0\0\0\0\0\0\0\u0095\0\0\0\0\0\0\0\0N.", "outside of other frames")]
    [InlineData("\u0080\u0004\u0095\u0002\0\0\0\0\0\0\0K", "at most the 1 bytes left")]
    [InlineData("\u0080\u0004\u0095\u0001\0\0\0\0\0\0\0K\0.", "integer: expected 1 bytes, found the frame ends after 0")]
    [InlineData("\u0080\u0004\u0095\u0003\0\0\0\0\0\0\0NMab.", "the frame ends after 1")]
    [InlineData("\u0080\u0004I1\n.", "opcode: expected one that arrays are pickled with, found 0x49")]
    [InlineData("\u0080\u0004P1\n.", "found 0x50")]
    [InlineData("\u0080\u0004\u0082\u0001.", "found 0x82")]
    [InlineData("\u0080\u0004(i__main__\nQuantizedWeight8bit\n.", "found 0x69")]
    [InlineData("\u0080\u0004(o.", "found 0x6F")]
    [InlineData("\u0080\u0004\u0093.", "stack: expected 2 values")]
    [InlineData("\u0080\u0004NN\u0093.", "name of a global: expected two strings, found None and None")]
    public void A_crafted_pickle_is_refused(string content, string expected) => Assert.Contains(expected, Message(Encoding.Latin1.GetBytes(content)), StringComparison.Ordinal);

    [Fact]
    public void A_stack_without_end_is_refused() => Assert.Contains("stack: expected at most 128 values", Message([0x80, 4, .. Repeat("N", 1 << 20)]), StringComparison.Ordinal);

    [Fact]
    public void Marks_without_end_are_refused() => Assert.Contains("at most 128 marks", Message([0x80, 4, .. Repeat("(", 1 << 20)]), StringComparison.Ordinal);

    [Fact]
    public void Nesting_without_end_is_refused() => Assert.Contains("at most 4096 opcodes", Message([0x80, 4, (byte)'N', .. Repeat("\u0085", 1 << 20)]), StringComparison.Ordinal);

    [Fact]
    public void A_memo_without_end_is_refused() => Assert.Contains("memo: expected at most 1024 values", Message([0x80, 4, (byte)'N', .. Repeat("\u0094", 1 << 20)]), StringComparison.Ordinal);

    [Fact]
    public void A_memo_that_doubles_without_end_is_refused()
    {
        // Each round makes a pair of the last one: 2^300 leaves, were they ever walked.
        var rounds = Enumerable.Range(0, 250).SelectMany(i => new byte[] { (byte)'q', (byte)i, (byte)'h', (byte)i, 0x86 });
        Assert.Contains("found a tuple of 2", Message([0x80, 4, (byte)'N', .. rounds, (byte)'.']), StringComparison.Ordinal);
    }

    [Fact]
    public void A_dictionary_within_itself_is_refused()
    {
        // As the state of a QuantizedWeight8bit.
        var content = Encoding.Latin1.GetBytes("\u0080\u0004c__main__\nQuantizedWeight8bit\n)\u0081}\u0094\u008c\u0006weighth\0sb.");
        Assert.Contains("state of QuantizedWeight8bit", Message(content), StringComparison.Ordinal);
    }

    [Fact]
    public void An_array_is_not_built_twice()
    {
        // The same state once more, fetched from the memo: it was put there last.
        var golden = GrokPickles.Read("f32-small");
        byte[] twice = [.. golden[..^1], (byte)'h', 19, (byte)'b', (byte)'.'];
        BinaryPrimitives.WriteInt64LittleEndian(twice.AsSpan(3), twice.Length - 11);
        Assert.Contains("state: expected an object without one, found an array", Message(twice), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(88, 255, "bytes of an array: expected [255, 3] values of F32, found 24 bytes")]
    [InlineData(88, 0, "shape of an array")]
    [InlineData(88, 1, "bytes of an array: expected [1, 3] values of F32, found 24 bytes")]
    [InlineData(86, 2, "state of an array: expected (1, shape, dtype, False, bytes), found (2, a tuple of 2, dtype F32, False, 24 bytes)")]
    [InlineData(73, 7, "call: expected _reconstruct(ndarray, (0,), b'b')")]
    [InlineData(118, 2, "state of dtype")]
    public void A_changed_number_of_a_real_pickle_is_refused(int offset, byte value, string expected)
    {
        var bytes = GrokPickles.Read("f32-small");
        bytes[offset] = value;
        Assert.Contains(expected, Message(bytes), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Every_truncation_is_an_error(string golden)
    {
        var original = GrokPickles.Read(golden);
        int[] lengths = [.. Enumerable.Range(0, Math.Min(400, original.Length)), .. Enumerable.Range(0, original.Length).Where(length => length > 400 && length % 997 == 0)];
        Assert.Equal(0, Fuzz.Run("tensor00000_000", lengths.Length, MostBytes, i => original[..lengths[i]], path => GrokPickles.Open(path, Touch)));
    }

    [Theory]
    [MemberData(nameof(Goldens))]
    public void A_damaged_pickle_opens_or_is_a_checkpoint_error(string golden)
    {
        var original = GrokPickles.Read(golden);
        Fuzz.Run("tensor00000_000", Fuzz.Seeds(DefaultSeeds), MostBytes, seed => Corruption.Corrupt(original, seed), path => GrokPickles.Open(path, Touch));
    }

    [Fact]
    public void Random_opcodes_are_a_checkpoint_error()
    {
        var opcodes = Enum.GetValues<PickleOpcode>();
        var opened = Fuzz.Run("tensor00000_000", 10 * Fuzz.Seeds(DefaultSeeds), MostBytes, seed => RandomPickle(new Random(seed), opcodes), path => GrokPickles.Open(path, Touch));
        Assert.Equal(0, opened);
    }

    // Opcodes with arguments of the right form, so that the damage goes deeper than the first of them.
    private static byte[] RandomPickle(Random random, PickleOpcode[] opcodes)
    {
        var bytes = new List<byte> { 0x80, 4 };
        for (var count = random.Next(1, 200); count > 0; count--)
        {
            var opcode = opcodes[random.Next(opcodes.Length)];
            if (opcode is PickleOpcode.Stop or PickleOpcode.Proto or PickleOpcode.Frame && random.Next(20) > 0)
            {
                continue;
            }

            bytes.Add((byte)opcode);
            var text = Encoding.ASCII.GetBytes(s_texts[random.Next(s_texts.Length)]);
            bytes.AddRange(opcode switch
            {
                PickleOpcode.ShortBinUnicode or PickleOpcode.ShortBinBytes => [(byte)text.Length, .. text],
                PickleOpcode.BinUnicode or PickleOpcode.BinBytes => [(byte)text.Length, 0, 0, 0, .. text],
                PickleOpcode.BinBytes8 => [(byte)text.Length, 0, 0, 0, 0, 0, 0, 0, .. text],
                PickleOpcode.Global => [.. text, (byte)'\n', .. Encoding.ASCII.GetBytes(s_texts[random.Next(s_texts.Length)]), (byte)'\n'],
                PickleOpcode.BinInt1 or PickleOpcode.BinGet or PickleOpcode.BinPut => [(byte)random.Next(8)],
                PickleOpcode.BinInt2 => [(byte)random.Next(8), 0],
                PickleOpcode.BinInt or PickleOpcode.LongBinGet or PickleOpcode.LongBinPut => [(byte)random.Next(8), 0, 0, 0],
                PickleOpcode.Long1 => [1, (byte)random.Next(256)],
                _ => Array.Empty<byte>(),
            });
        }

        bytes.Add((byte)'.');
        return [.. bytes];
    }

    private static void Touch(GrokTensor tensor)
    {
        foreach (var array in new[] { tensor.Weight, tensor.Scales }.OfType<GrokArray>())
        {
            Assert.Equal(array.Bytes.Length, array.Shape.Aggregate((long)array.Type.Bytes(), (product, length) => checked(product * length)));
            _ = array.Bytes.Span(0, 1)[0] + array.Bytes.Span(array.Bytes.Length - 1, 1)[0];
        }
    }

    private static byte[] Repeat(string opcodes, int count) => Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat(opcodes, count)));

    private static string Message(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("tensor00000_000");
        File.WriteAllBytes(path, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Assert.Throws<CheckpointException>(() => GrokFile.Open(path)).Message;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        return message;
    }
}
