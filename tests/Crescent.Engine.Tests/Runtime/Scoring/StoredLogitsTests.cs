using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Runtime.Scoring;
using Crescent.Tests.Checkpoints;
using Xunit;

namespace Crescent.Tests.Runtime.Scoring;

public sealed class StoredLogitsTests : IDisposable
{
    private const int Vocab = 5;
    private const int Damaged = 1000;

    private readonly TemporaryFolder _folder = new();
    private readonly ScoringPlan _plan = Llama([.. Enumerable.Range(0, 20)]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_come_back_as_they_were_written()
    {
        using var logits = StoredLogits.TryOpen(Write(Own()), _plan, Vocab);
        Assert.IsType<LogitsFile>(logits);
        Assert.Equal(Rows().SelectMany(row => row), Read(logits));
    }

    [Fact]
    public void Bare_logits_are_known_by_their_size_and_found_by_position()
    {
        var all = Enumerable.Range(0, _plan.Tokens.Length * Vocab).Select(i => (float)i).ToArray();
        using var logits = StoredLogits.TryOpen(Write(MemoryMarshal.AsBytes(all.AsSpan()).ToArray()), _plan, Vocab);
        Assert.IsType<RawLogitsFile>(logits);
        var expected = from window in _plan.Windows
                       from position in Enumerable.Range(window.FirstScored, window.Scored)
                       from token in Enumerable.Range(0, Vocab)
                       select all[((window.Start + position) * Vocab) + token];
        Assert.Equal(expected, Read(logits));
    }

    [Fact]
    public void Llama_cpps_rows_are_decoded_without_what_it_does_not_count()
    {
        using var logits = StoredLogits.TryOpen(Write(LlamaFile()), _plan, Vocab);
        Assert.IsType<LlamaLogitsFile>(logits);
        var row = Read(logits)[..Vocab];
        Assert.Equal([float.NegativeInfinity, -15.9375f, -1f, -0.9375f, float.NegativeInfinity], row);
    }

    [Fact]
    public void What_holds_no_logits_may_be_a_model()
    {
        Assert.Null(StoredLogits.TryOpen(_folder.File("none"), _plan, Vocab));
        Assert.Null(StoredLogits.TryOpen(_folder.Path, _plan, Vocab));
        Assert.Null(StoredLogits.TryOpen(Write([]), _plan, Vocab));
        Assert.Null(StoredLogits.TryOpen(Write(new byte[(_plan.Tokens.Length * Vocab * 4) + 1]), _plan, Vocab));
        byte[] model = new byte[_plan.Tokens.Length * Vocab * 4];
        "GGUF"u8.CopyTo(model);
        Assert.Null(StoredLogits.TryOpen(Write(model), _plan, Vocab));
    }

    [Fact]
    public void Another_text_vocabulary_or_cut_is_refused()
    {
        var other = Llama([.. Enumerable.Range(1, 20)]);
        var coarser = new ScoringPlan(Enumerable.Range(0, 20), ScoringWindow.SecondHalves(20, 10, addBos: true), 1);
        var once = new ScoringPlan(Enumerable.Range(0, 20), ScoringWindow.EveryTokenOnce(20, 8, addBos: true), 1);
        var longer = Llama([.. Enumerable.Range(0, 28)]);
        foreach (var file in (byte[][])[Own(), LlamaFile()])
        {
            Refused(file, other, Vocab, "same text");
            Refused(file, coarser, Vocab, "expected");
            Refused(file, once, Vocab, "expected");
            Refused(file, longer, Vocab, "expected");
            Refused(file, _plan, Vocab + 2, $"tokens of vocabulary: expected {Vocab + 2}, found {Vocab}");
        }

        Refused(LlamaFile(), coarser, Vocab, "contexts of 8 tokens, found 2 of 10");
        Refused(LlamaFile(), other, Vocab, "token 0 being 1, found 0");
    }

    [Fact]
    public void Files_of_another_length_are_refused()
    {
        foreach (var file in (byte[][])[Own(), LlamaFile()])
        {
            Refused(file[..^1], _plan, Vocab, $"bytes: expected {file.Length}, found {file.Length - 1}");
            Refused([.. file, 0], _plan, Vocab, $"bytes: expected {file.Length}, found {file.Length + 1}");
            Refused(file[..12], _plan, Vocab, "found 12 bytes");
        }
    }

    [Fact]
    public void Absurd_counts_allocate_nothing()
    {
        var file = LlamaFile();
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(16), uint.MaxValue);
        Refused(file, _plan, Vocab, "bytes: expected");
        file = Own();
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(12), ulong.MaxValue);
        Refused(file, _plan, Vocab, $"rows: expected {_plan.Rows}, found {ulong.MaxValue}");
    }

    [Fact]
    public void Damaged_files_are_refused_or_read_to_their_end()
    {
        foreach (var file in (byte[][])[Own(), LlamaFile()])
        {
            for (var seed = 0; seed < Damaged; seed++)
            {
                try
                {
                    using var logits = StoredLogits.TryOpen(Write(Corruption.Corrupt(file, seed)), _plan, Vocab);
                    Assert.Equal(logits is null ? 0 : _plan.Rows * Vocab, logits is null ? 0 : Read(logits).Length);
                }
                catch (CheckpointException exception)
                {
                    Assert.Contains("expected", exception.Message, StringComparison.Ordinal);
                }
            }
        }
    }

    private static ScoringPlan Llama(int[] tokens) => new(tokens, ScoringWindow.SecondHalves(tokens.Length, 8, addBos: true), 1);

    private void Refused(byte[] file, ScoringPlan plan, int vocab, string part)
    {
        var exception = Assert.Throws<CheckpointException>(() => StoredLogits.TryOpen(Write(file), plan, vocab));
        Assert.Contains(part, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith(_folder.Path, exception.Message, StringComparison.Ordinal);
    }

    private float[] Read(IBaseLogits logits)
    {
        var values = new List<float>();
        foreach (var window in _plan.Windows)
        {
            logits.Begin(_plan.TokensOf(window), window);
            for (var i = 0; i < window.Scored; i++)
            {
                values.AddRange(logits.Row(window.FirstScored + i, TestContext.Current.CancellationToken));
            }
        }

        return [.. values];
    }

    private string Write(byte[] bytes)
    {
        var path = _folder.File("logits");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private IEnumerable<float[]> Rows() => Enumerable.Range(0, (int)_plan.Rows).Select(row => Enumerable.Range(0, Vocab).Select(i => (row * 10f) + i).ToArray());

    private byte[] Own()
    {
        using var stream = new MemoryStream();
        LogitsFile.WriteHeader(stream, _plan, Vocab);
        foreach (var row in Rows())
        {
            stream.Write(MemoryMarshal.AsBytes(row.AsSpan()));
        }

        Assert.Equal(LogitsFile.BytesFor(_plan, Vocab), stream.Length);
        return stream.ToArray();
    }

    // Rows of step 2^-4 from −16: codes 0 (not counted), 1, 240, 241, 0; and, the vocabulary being odd, one of padding.
    private byte[] LlamaFile()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("_logits_"u8);
        writer.Write(8);
        writer.Write(Vocab);
        writer.Write(_plan.Windows.Count);
        foreach (var token in _plan.Tokens[..(8 * _plan.Windows.Count)])
        {
            writer.Write(token);
        }

        for (var row = 0; row < _plan.Rows; row++)
        {
            writer.Write(0.0625f);
            writer.Write(-16f);
            foreach (var code in (ushort[])[0, 1, 240, 241, 0, 77])
            {
                writer.Write(code);
            }
        }

        return stream.ToArray();
    }
}
