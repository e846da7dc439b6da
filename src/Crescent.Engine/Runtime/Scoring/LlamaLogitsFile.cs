using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Runtime.Scoring;

// llama.cpp tools/perplexity/perplexity.cpp, --save-all-logits:
// bytes  field
// 0-7    "_logits_"
// 8-11   i32 context
// 12-15  i32 tokens of vocabulary
// 16-19  i32 contexts
// 20-    i32 [contexts · context], the text's tokens, start tokens not yet put in
// then   context − 1 − context/2 rows a context: float32 step, float32 least, u16 [vocabulary] codes, one more where that number is odd;
//        log-probability = step · code + least. It clips them to 16 below the likeliest, and counts none of those up to −16.

/// <summary>Log-probabilities as <c>llama-perplexity --save-all-logits</c> keeps them.</summary>
public sealed class LlamaLogitsFile : IBaseLogits
{
    private const int HeaderBytes = 20;
    private const float LeastLog = -16;

    private readonly FileStream _stream;
    private readonly byte[] _stored;
    private readonly float[] _row; // [vocab]

    private LlamaLogitsFile(FileStream stream, int vocab)
    {
        _stream = stream;
        _stored = new byte[RowBytes(vocab)];
        _row = new float[vocab];
    }

    internal static ReadOnlySpan<byte> Magic => "_logits_"u8;

    /// <summary>Opens stored log-probabilities of a text that is cut as llama.cpp cuts it.</summary>
    /// <exception cref="CheckpointException">The file is damaged, or of another vocabulary, text or context.</exception>
    public static LlamaLogitsFile Open(string path, ScoringPlan plan, int vocab)
    {
        var stream = File.OpenRead(path);
        try
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            if (stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || !header.StartsWith(Magic))
            {
                throw new CheckpointException($"{path}: expected llama.cpp's stored logits, which begin with '_logits_' and {HeaderBytes} bytes of header, found {stream.Length} bytes of something else");
            }

            var context = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
            var contexts = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
            StoredLogits.Require(path, "tokens of vocabulary", vocab, BinaryPrimitives.ReadUInt32LittleEndian(header[12..]));
            RequireWindows(path, plan, context, contexts);
            var bytes = HeaderBytes + ((Int128)context * contexts * sizeof(int)) + ((Int128)contexts * plan.Windows[0].Scored * RowBytes(vocab));
            if (bytes != stream.Length)
            {
                throw new CheckpointException($"{path}: bytes: expected {bytes}, found {stream.Length}");
            }

            RequireTokens(path, stream, plan.Tokens[..(plan.Windows.Count * (int)context)]);
            stream.Position = HeaderBytes + ((long)context * contexts * sizeof(int));
            return new LlamaLogitsFile(stream, vocab);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public void Begin(ReadOnlySpan<int> tokens, in ScoringWindow window)
    {
        // Rows are stored in the order in which they are asked for.
    }

    public ReadOnlySpan<float> Row(int position, CancellationToken cancellation)
    {
        _stream.ReadExactly(_stored);
        var (step, least) = (BinaryPrimitives.ReadSingleLittleEndian(_stored), BinaryPrimitives.ReadSingleLittleEndian(_stored.AsSpan(4)));
        var codes = MemoryMarshal.Cast<byte, ushort>(_stored.AsSpan(8));
        for (var i = 0; i < _row.Length; i++)
        {
            var log = (step * codes[i]) + least;
            _row[i] = log <= LeastLog ? float.NegativeInfinity : log;
        }

        return _row;
    }

    public void Dispose() => _stream.Dispose();

    private static int RowBytes(int vocab) => checked(8 + (sizeof(ushort) * (vocab + (vocab % 2))));

    private static void RequireWindows(string path, ScoringPlan plan, uint context, uint contexts)
    {
        var (count, first) = (plan.Windows.Count, plan.Windows[0]);
        var isLlamas = first.FirstScored == first.Length / 2 && (count == 1 || plan.Windows[1].Start == first.Length);
        if (!isLlamas || first.Length != context || count > contexts)
        {
            throw new CheckpointException(
                $"{path}: expected a text scored as llama.cpp does, in at most {contexts} contexts of {context} tokens, found {count} of {first.Length} tokens{(isLlamas ? "" : " scored otherwise")}");
        }
    }

    private static void RequireTokens(string path, FileStream stream, ReadOnlySpan<int> expected)
    {
        var stored = new int[Math.Min(expected.Length, 1 << 16)];
        for (var start = 0; start < expected.Length; start += stored.Length)
        {
            var part = stored.AsSpan(0, Math.Min(stored.Length, expected.Length - start));
            stream.ReadExactly(MemoryMarshal.AsBytes(part));
            if (part.CommonPrefixLength(expected[start..]) is var same && same < part.Length)
            {
                throw new CheckpointException($"{path}: expected logits of the same text, token {start + same} being {expected[start + same]}, found {part[same]}");
            }
        }
    }
}
