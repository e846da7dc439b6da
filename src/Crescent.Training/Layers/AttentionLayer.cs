using Crescent.Kernels.Elementwise;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Training;
using Crescent.Training.Parameters;

namespace Crescent.Training.Layers;

/// <summary>Multi-head latent attention in its expanded form, with its input norm; buffers hold what the way back needs.</summary>
internal sealed class AttentionLayer : IDisposable
{
    private readonly TrainingContext _context;
    private readonly AttentionParameters _parameters;
    private readonly AttentionScratch _scratch;
    private readonly AttentionWidths _widths;
    private readonly NormLayer _inputNorm;
    private readonly NormLayer? _queryNorm;
    private readonly NormLayer _latentNorm;

    private readonly AlignedBuffer<float> _normed; // [tokens, hidden]
    private readonly AlignedBuffer<float>? _queryDown; // [tokens, queryRank]
    private readonly AlignedBuffer<float>? _queryNormed; // [tokens, queryRank]
    private readonly AlignedBuffer<float> _queries; // [tokens, heads, nope + rope], rotated
    private readonly AlignedBuffer<float> _latents; // [tokens, latent + rope]
    private readonly AlignedBuffer<float> _latentNormed; // [tokens, latent]
    private readonly AlignedBuffer<float> _expanded; // [tokens, heads, nope + value]
    private readonly AlignedBuffer<float> _keys; // [tokens, heads, nope + rope], rotated
    private readonly AlignedBuffer<float> _output; // [tokens, heads, value]
    private readonly AlignedBuffer<float> _logSums; // [tokens, heads]

    public AttentionLayer(AttentionParameters parameters, AttentionScratch scratch, TrainingContext context)
    {
        (_context, _parameters, _scratch) = (context, parameters, scratch);
        var (shape, options) = (context.Shape, context.Shape.Attention);
        _widths = new AttentionWidths(options);
        _inputNorm = new NormLayer(parameters.InputNorm, shape.Epsilon, shape.Hidden, context);
        _latentNorm = new NormLayer(parameters.LatentNorm, shape.Epsilon, options.CachedWidth, context);
        if (parameters.QueryNorm is { } norm)
        {
            _queryNorm = new NormLayer(norm, shape.Epsilon, options.QueryRank, context);
            (_queryDown, _queryNormed) = (context.Rows(options.QueryRank), context.Rows(options.QueryRank));
        }

        (_normed, _latents, _latentNormed) = (context.Rows(shape.Hidden), context.Rows(options.CachedWidth), context.Rows(options.LatentWidth));
        (_queries, _keys) = (context.Rows(_widths.Keys), context.Rows(_widths.Keys));
        (_expanded, _output, _logSums) = (context.Rows(_widths.Expanded), context.Rows(_widths.Values), context.Rows(options.Heads));
        LargestLogits = new float[options.Heads];
    }

    public AttentionParameters Parameters => _parameters;

    /// <summary>[heads]: the largest logit of each head since it was reset.</summary>
    public float[] LargestLogits { get; }

    private FloatView View(AlignedBuffer<float> buffer, int width) => new(buffer, 0, _context.Tokens, width);

    private HeadRows Heads(AlignedBuffer<float> buffer, int width, int first = 0, int? used = null) =>
        new(buffer, first, _widths.Heads * width, width, used ?? width);

    /// <summary><c>output ← input + attention(norm(input))</c></summary>
    /// <param name="input">[tokens, hidden]</param>
    /// <param name="output">[tokens, hidden]</param>
    public void Forward(AlignedBuffer<float> input, AlignedBuffer<float> output)
    {
        var (options, tokens, hidden) = (_context.Shape.Attention, _context.Tokens, _context.Shape.Hidden);
        _inputNorm.Forward(input, _normed, tokens);
        var normed = View(_normed, hidden);
        _context.Multiply(
            new GemmJob(normed, _parameters.LatentDown.Matrix().Transposed, View(_latents, options.CachedWidth)),
            _queryDown is { } down
                ? new GemmJob(normed, _parameters.QueryDown!.Matrix().Transposed, View(down, options.QueryRank))
                : new GemmJob(normed, _parameters.Query.Matrix().Transposed, View(_queries, _widths.Keys)));
        _latentNorm.Forward(_latents, _latentNormed, tokens);
        var expand = new GemmJob(View(_latentNormed, options.LatentWidth), _parameters.LatentUp.Matrix().Transposed, View(_expanded, _widths.Expanded));
        if (_queryDown is not null)
        {
            _queryNorm!.Forward(_queryDown, _queryNormed!, tokens);
            _context.Multiply(expand, new GemmJob(View(_queryNormed!, options.QueryRank), _parameters.Query.Matrix().Transposed, View(_queries, _widths.Keys)));
        }
        else
        {
            _context.Multiply(expand);
        }

        _context.Parallel(tokens, TrainingContext.RowGrain, Rotate);
        AttentionForward.Run(_context.Pool, Batch(), LargestLogits);
        input.CopyTo(output);
        _context.Multiply(new GemmJob(View(_output, _widths.Values), _parameters.Output.Matrix().Transposed, View(output, hidden), Accumulates: true));
    }

    /// <summary>Adds to the parameters' gradients and to the input's, which lies where the output's is.</summary>
    /// <param name="input">[tokens, hidden]</param>
    /// <param name="gradient">[tokens, hidden]</param>
    public void Backward(AlignedBuffer<float> input, AlignedBuffer<float> gradient)
    {
        var (options, tokens, hidden) = (_context.Shape.Attention, _context.Tokens, _context.Shape.Hidden);
        var change = View(gradient, hidden);
        _context.Multiply(
            new GemmJob(change, _parameters.Output.Matrix(), View(_scratch.Output, _widths.Values)),
            new GemmJob(change.Transposed, View(_output, _widths.Values), _parameters.Output.MatrixGradient(), Accumulates: true));
        AttentionBackward.Run(
            _context.Pool,
            Batch(),
            Heads(_scratch.Output, options.ValueWidth),
            Heads(_scratch.Queries, options.HeadWidth),
            Heads(_scratch.Keys, options.HeadWidth),
            Heads(_scratch.Expanded, _widths.ExpandedHead, options.NopeWidth, options.ValueWidth));
        _context.Parallel(tokens, TrainingContext.RowGrain, Unrotate);

        var (expanded, queries) = (View(_scratch.Expanded, _widths.Expanded), View(_scratch.Queries, _widths.Keys));
        var queryInput = _queryNormed is null ? View(_normed, hidden) : View(_queryNormed, options.QueryRank);
        _context.Multiply(
            new GemmJob(expanded, _parameters.LatentUp.Matrix(), View(_scratch.LatentNormed, options.LatentWidth)),
            new GemmJob(expanded.Transposed, View(_latentNormed, options.LatentWidth), _parameters.LatentUp.MatrixGradient(), Accumulates: true),
            new GemmJob(queries, _parameters.Query.Matrix(), _queryNormed is null ? View(_context.Normed, hidden) : View(_scratch.QueryNormed!, options.QueryRank)),
            new GemmJob(queries.Transposed, queryInput, _parameters.Query.MatrixGradient(), Accumulates: true));
        _latentNorm.Backward(_latents, _scratch.LatentNormed, _scratch.Latents, tokens);

        var (normed, latents) = (View(_normed, hidden), View(_scratch.Latents, options.CachedWidth));
        var target = View(_context.Normed, hidden);
        if (_queryDown is not null)
        {
            _scratch.QueryDown!.Span(0, tokens * options.QueryRank).Clear();
            _queryNorm!.Backward(_queryDown, _scratch.QueryNormed!, _scratch.QueryDown, tokens);
            var down = View(_scratch.QueryDown, options.QueryRank);
            _context.Multiply(
                new GemmJob(down, _parameters.QueryDown!.Matrix(), target),
                new GemmJob(down.Transposed, normed, _parameters.QueryDown.MatrixGradient(), Accumulates: true));
        }

        _context.Multiply(
            new GemmJob(latents, _parameters.LatentDown.Matrix(), target, Accumulates: true),
            new GemmJob(latents.Transposed, normed, _parameters.LatentDown.MatrixGradient(), Accumulates: true));
        _inputNorm.Backward(input, _context.Normed, gradient, tokens);
    }

    public void Dispose()
    {
        foreach (var owned in new IDisposable?[]
        {
            _inputNorm, _queryNorm, _latentNorm, _normed, _queryDown, _queryNormed, _queries, _latents, _latentNormed, _expanded, _keys, _output, _logSums,
        })
        {
            owned?.Dispose();
        }
    }

    private AttentionBatch Batch()
    {
        var options = _context.Shape.Attention;
        return new AttentionBatch
        {
            Segments = _context.Batch.Segments,
            Heads = options.Heads,
            Scale = options.Scale,
            Queries = Heads(_queries, options.HeadWidth),
            Keys = Heads(_keys, options.HeadWidth),
            Values = Heads(_expanded, _widths.ExpandedHead, options.NopeWidth, options.ValueWidth),
            Output = Heads(_output, options.ValueWidth),
            LogSums = Heads(_logSums, 1),
        };
    }

    // Rotates queries, and puts the keys of all heads together.
    private void Rotate(int start, int end)
    {
        var options = _context.Shape.Attention;
        var (nope, rope, width) = (options.NopeWidth, options.RopeWidth, options.HeadWidth);
        for (var token = start; token < end; token++)
        {
            var factors = _context.RopeRow(token);
            for (var h = 0; h < options.Heads; h++)
            {
                _context.Rope.Rotate(_queries.Span((((long)token * options.Heads) + h) * width + nope, rope), factors);
                var key = _keys.Span((((long)token * options.Heads) + h) * width, width);
                _expanded.Span((((long)token * options.Heads) + h) * _widths.ExpandedHead, nope).CopyTo(key);
                var shared = key[nope..];
                _latents.Span(((long)token * options.CachedWidth) + options.LatentWidth, rope).CopyTo(shared);
                _context.Rope.Rotate(shared, factors);
            }
        }
    }

    // Turns gradients back; the shared key's is the sum over heads.
    private void Unrotate(int start, int end)
    {
        var options = _context.Shape.Attention;
        var (nope, rope, width) = (options.NopeWidth, options.RopeWidth, options.HeadWidth);
        for (var token = start; token < end; token++)
        {
            var factors = _context.TurnedRow(token);
            var latent = _scratch.Latents.Span((long)token * options.CachedWidth, options.CachedWidth);
            latent.Clear();
            var shared = latent[options.LatentWidth..];
            for (var h = 0; h < options.Heads; h++)
            {
                _context.Rope.Rotate(_scratch.Queries.Span((((long)token * options.Heads) + h) * width + nope, rope), factors);
                var key = _scratch.Keys.Span((((long)token * options.Heads) + h) * width, width);
                key[..nope].CopyTo(_scratch.Expanded.Span((((long)token * options.Heads) + h) * _widths.ExpandedHead, nope));
                VectorMath.Add(shared, key[nope..]);
            }

            _context.Rope.Rotate(shared, factors);
        }
    }
}
