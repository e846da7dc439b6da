using BenchmarkDotNet.Attributes;
using Crescent.Kernels;
using Crescent.Kernels.Attention;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Threading;

namespace Crescent.Bench;

/// <summary>Attention of one layer over an F16 cache: a token at depth, and a chunk of a prompt. Multiply-adds a run are printed at setup.</summary>
[MemoryDiagnoser]
public class AttentionBenchmarks : IDisposable
{
    private const int Rope = 64; // rotary part of an expanded key
    private const int BlockPositions = 512; // positions expanded at a time

    private readonly List<AlignedBuffer<byte>> _pages = [];
    private ComputePool _pool = null!;
    private PagedAttention _attention = null!;
    private bool _isExpanded;
    private AttentionSpan _span;
    private KvLayerLayout _layout = null!;
    private AlignedBuffer<float> _queries = null!;
    private AlignedBuffer<float> _output = null!;
    private AlignedBuffer<float> _keys = null!; // [heads, BlockPositions, nope]
    private AlignedBuffer<float> _rotary = null!; // [BlockPositions, Rope]
    private AlignedBuffer<float> _values = null!; // [heads, BlockPositions, value]

    /// <summary>Absorbed MLA: one latent of 576 for 16 heads; expanded MLA: 16 heads of 192 and 128; GQA: 8 kv heads of 4 heads each.</summary>
    private enum Form
    {
        MlaAbsorbed,
        MlaExpanded,
        Gqa128,
        Gqa64,
    }

    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Form, tokens of the step, positions before them.</summary>
    [Params(
        "MlaAbsorbed/1/4096", "MlaAbsorbed/1/32768", "Gqa128/1/4096", "Gqa128/1/32768", "Gqa64/1/4096", "Gqa64/1/32768",
        "MlaExpanded/512/0", "MlaExpanded/512/4096", "Gqa128/512/0", "Gqa128/512/4096", "Gqa64/512/0", "Gqa64/512/4096")]
    public string Case { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var parts = Case.Split('/');
        var (form, tokens, depth) = (Enum.Parse<Form>(parts[0]), int.Parse(parts[1]), int.Parse(parts[2]));
        _isExpanded = form == Form.MlaExpanded;
        var shape = form switch
        {
            Form.MlaAbsorbed => new AttentionShape(16, 1, 576, 512, ValueIsKeyPrefix: true, 0.07f),
            Form.MlaExpanded => new AttentionShape(16, 16, 192, 128, ValueIsKeyPrefix: false, 0.07f),
            Form.Gqa128 => new AttentionShape(32, 8, 128, 128, ValueIsKeyPrefix: false, 0.09f),
            _ => new AttentionShape(32, 8, 64, 64, ValueIsKeyPrefix: false, 0.125f),
        };
        _pool = new ComputePool(Threads);
        _attention = new PagedAttention(shape, tokens, Threads, IsaLevels.Best);
        _layout = new KvLayerLayout(KvType.F16, 0, shape.KvHeads, shape.KeyWidth, shape.ValueIsKeyPrefix ? 0 : shape.ValueWidth);
        _span = new AttentionSpan(0, tokens, depth, _isExpanded ? [] : Pages(depth + tokens));
        _queries = Filled((long)tokens * shape.Heads * shape.KeyWidth);
        _output = Filled((long)tokens * shape.Heads * shape.ValueWidth);
        _keys = Filled((long)shape.Heads * BlockPositions * (shape.KeyWidth - Rope));
        _rotary = Filled((long)BlockPositions * Rope);
        _values = Filled((long)shape.Heads * BlockPositions * shape.ValueWidth);
        var multiplyAdds = (double)tokens * (depth + ((tokens + 1) / 2.0)) * shape.Heads * (shape.KeyWidth + shape.ValueWidth);
        Console.WriteLine($"// {form}, {tokens} tokens at {depth}: {multiplyAdds:E3} multiply-adds, {_pages.Count * _layout.Bytes:N0} bytes of cache");
    }

    [Benchmark]
    public void Attend()
    {
        if (!_isExpanded)
        {
            _attention.Run(_pool, [_span], _layout, _queries, _output);
            return;
        }

        var end = _span.FirstPosition + _span.Count;
        for (var first = 0; first < end; first += BlockPositions)
        {
            var positions = Math.Min(BlockPositions, end - first);
            _attention.RunExpanded(
                _pool, _span, first, positions, BlockPositions, _keys, _rotary, _values, Rope, _queries, _output, first == 0, first + positions == end);
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        _attention.Dispose();
        _pages.ForEach(page => page.Dispose());
        _pages.Clear();
        foreach (var buffer in (AlignedBuffer<float>[])[_queries, _output, _keys, _rotary, _values])
        {
            buffer.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    private ByteRegion[] Pages(int positions)
    {
        var regions = new ByteRegion[(positions + PagedAttention.PageTokens - 1) / PagedAttention.PageTokens];
        var random = new Random(2);
        for (var p = 0; p < regions.Length; p++)
        {
            var page = new AlignedBuffer<byte>(_layout.Bytes);
            for (long i = 0; i < page.Length; i++)
            {
                page[i] = (byte)(0x30 | random.Next(16)); // halves between 0.1 and 0.4
            }

            _pages.Add(page);
            regions[p] = page.Bytes;
        }

        return regions;
    }

    private static AlignedBuffer<float> Filled(long length)
    {
        var buffer = new AlignedBuffer<float>(length);
        var random = new Random(1);
        for (long i = 0; i < length; i++)
        {
            buffer[i] = random.NextSingle() - 0.5f;
        }

        return buffer;
    }
}
