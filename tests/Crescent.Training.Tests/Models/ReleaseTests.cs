using Crescent.Engine.Checkpoints;
using Crescent.Engine.Models;
using Crescent.Engine.Models.Layers;
using Crescent.Engine.Runtime;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Threading;
using Crescent.Kernels.Training;
using Crescent.Training.Layers;
using Crescent.Training.Models;
using Crescent.Training.Releases;
using Crescent.Training.Tests.Reference;
using Xunit;

namespace Crescent.Training.Tests.Models;

public sealed class ReleaseTests
{
    private const double Bound = 1e-4; // of a position's largest logit

    [Theory]
    [InlineData(32, false)]
    [InlineData(0, false)]
    [InlineData(32, true)]
    public void The_engine_computes_the_same_logits_from_the_same_weights(int queryRank, bool isInt4)
    {
        var shape = TinyModels.Shape() with
        {
            Hidden = 64,
            Vocab = 300,
            Attention = new MlaOptions(3, queryRank, 32, 32, 16, 24, 1 / MathF.Sqrt(48)),
            Layers = 3,
            DenseWidth = 96,
            ExpertWidth = 32,
            SharedWidth = 32,
            RopeTheta = 50000,
        };
        using var pool = new ComputePool(2);
        using var model = TinyModels.Model(shape, pool, 0.15f, maxTokens: 48);
        if (isInt4)
        {
            model.RoundWeights();
        }

        var random = new Random(2);
        int[] tokens = [.. Enumerable.Range(0, 48).Select(_ => random.Next(shape.Vocab))];
        var trained = new float[tokens.Length * shape.Vocab];
        model.Logits(
            new TrainingBatch { Tokens = tokens, Targets = new int[tokens.Length], RowLength = tokens.Length, Segments = [new AttentionSegment(0, tokens.Length)] },
            (first, logits) => logits.Buffer.Span(0, logits.Rows * logits.Columns).CopyTo(trained.AsSpan(first * shape.Vocab)));

        var folder = Path.Combine(Path.GetTempPath(), $"crescent-release-{Guid.NewGuid():N}");
        try
        {
            ReleaseWriter.Write(model, folder, new ControlTokens(290, 291, 292, 293), tokenizerFolder: null);
            Compare(folder, tokens, trained, shape.Vocab);
            if (isInt4)
            {
                CompareInt4(folder, model);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Compare(string folder, int[] tokens, float[] trained, int vocab)
    {
        using var checkpoint = Checkpoint.Open(folder);
        using var engine = ModelLoader.Load(checkpoint, checkpoint.Metadata, new ModelOptions { Activations = ActivationType.F32, KvType = Crescent.Kernels.Attention.KvType.F32, Threads = 2, MaxBatchTokens = 64 }, out _);
        var (worst, positions) = (0.0, 0);
        Scorer.Run(engine, tokens, 16, (position, logits) =>
        {
            var expected = trained.AsSpan(position * vocab, vocab);
            var largest = 0f;
            for (var i = 0; i < vocab; i++)
            {
                largest = MathF.Max(largest, MathF.Abs(expected[i]));
            }

            for (var i = 0; i < vocab; i++)
            {
                worst = Math.Max(worst, Math.Abs(expected[i] - logits[i]) / largest);
            }

            positions++;
        });
        Assert.Equal(tokens.Length, positions);
        Assert.True(worst < Bound, $"largest difference {worst:g3}");
    }

    // What the engine decodes is bit for bit what the loss saw.
    private static void CompareInt4(string folder, TrainingModel model)
    {
        using var checkpoint = Checkpoint.Open(folder);
        var layer = model.Shape.DenseLayers;
        foreach (var (source, name) in new[] { ("gate_proj", "ffn_gate_exps"), ("up_proj", "ffn_up_exps"), ("down_proj", "ffn_down_exps") })
        {
            var parameter = model.Parameters.Single(parameter => parameter.Name == $"model.layers.{layer}.mlp.experts.*.{source}.weight");
            var tensor = checkpoint.Tensors[$"blk.{layer}.{name}.weight"];
            var decoded = new float[parameter.Columns];
            for (var e = 0; e < parameter.Count; e++)
            {
                var part = tensor.Parts[e];
                var matrix = WeightMatrix.Create(
                    new MatrixBytes(tensor.DType, part.Codes, part.Scales, parameter.Rows, parameter.Columns), Crescent.Kernels.IsaLevels.Best);
                for (var row = 0; row < parameter.Rows; row++)
                {
                    matrix.DecodeRow(row, decoded);
                    Assert.True(decoded.AsSpan().SequenceEqual(parameter.Used.Span((e * parameter.MatrixLength) + ((long)row * parameter.Columns), parameter.Columns)), $"{parameter.Name} {e} row {row}");
                }
            }
        }
    }
}
