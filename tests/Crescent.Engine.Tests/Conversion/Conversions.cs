using Crescent.Engine.Checkpoints;
using Crescent.Engine.Conversion;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Engine.Weights;
using Crescent.Kernels;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Conversion;

/// <summary>Conversions, and what is looked at before and after them.</summary>
internal static class Conversions
{
    public static ConversionOptions Plain { get; } = new() { WithoutTokenizer = true, Threads = 2 };

    public static ConversionPlan Convert(string source, string path, ConversionOptions? options = null)
    {
        using var checkpoint = Checkpoint.Open(source);
        var plan = Plan(checkpoint, path, options ?? Plain);
        plan.Write(null, TestContext.Current.CancellationToken);
        Assert.Equal(plan.Bytes, plan.Files.Sum(file => new FileInfo(file).Length));
        return plan;
    }

    public static ConversionPlan Plan(Checkpoint checkpoint, string path, ConversionOptions options) =>
        ConversionPlan.Create(checkpoint, path, options, null, TestContext.Current.CancellationToken);

    /// <summary>All values of a tensor.</summary>
    public static float[] Decode(Checkpoint checkpoint, string name)
    {
        var tensor = checkpoint.Tensors[name];
        var (columns, rows) = (tensor.Shape[^1], tensor.Shape.Count > 1 ? tensor.Shape[^2] : 1);
        var values = new float[tensor.Count];
        var done = 0;
        foreach (var matrix in new TensorSource(checkpoint.Tensors, checkpoint.Path, IsaLevel.Portable).Stack(name, tensor.Count / rows / columns, rows, columns))
        {
            for (var row = 0; row < matrix.Rows; row++, done += matrix.Columns)
            {
                matrix.DecodeRow(row, values.AsSpan(done, matrix.Columns));
            }
        }

        return values;
    }

    /// <summary>Logits of every position: [tokens, vocab].</summary>
    public static float[] Score(string path, int[] tokens, ModelOptions? options = null)
    {
        using var checkpoint = Checkpoint.Open(path);
        using var model = ModelLoader.Load(checkpoint, checkpoint.Metadata, options ?? LoadedModel.Plain with { MaxBatchTokens = 128 }, out _);
        var vocab = model.Shape.Vocab;
        var logits = new float[tokens.Length * vocab];
        Scorer.Run(model, tokens, tokens.Length, (position, row) => row.CopyTo(logits.AsSpan(position * vocab)));
        return logits;
    }
}
