using Crescent.Engine.Checkpoints;
using Crescent.Engine.Runtime.Importance;
using Crescent.Engine.Runtime.Scoring;
using Crescent.Engine.Weights;
using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Runtime.Importance;

public sealed class ImportanceCollectorTests : IDisposable
{
    private const int Columns = 3;
    private const string Experts = "blk.0.ffn_up_exps.weight";

    private readonly AlignedBuffer<float> _weights = new(Columns * Columns * 3);
    private readonly AlignedBuffer<float> _output = new(64);
    private readonly Activations _input = new(4, Columns);
    private readonly WeightMatrix[] _matrices;

    public ImportanceCollectorTests()
    {
        _matrices = [.. Enumerable.Range(0, 3).Select(i => WeightMatrix.Create(
            DType.F32, _weights.Bytes.Slice(i * Columns * Columns * sizeof(float), Columns * Columns * sizeof(float)), Columns, Columns, IsaLevel.Portable))];
        _input.Rows = 4;
        for (var row = 0; row < 4; row++)
        {
            float[] values = [row + 1, -(row + 1) * 10, 0];
            values.CopyTo(_input.Row(row));
        }
    }

    public static TheoryData<string> Models => TestModels.Rows(TestModels.All);

    public void Dispose()
    {
        _weights.Dispose();
        _output.Dispose();
        _input.Dispose();
    }

    [Fact]
    public void Squares_are_added_by_column_over_the_rows_that_a_product_reads()
    {
        var collector = new ImportanceCollector([new NamedMatrices(Experts, _matrices)]);
        collector.Observe([Job(0) with { InputStart = 0, InputStride = 2, Count = 2 }, Job(2) with { InputRows = [9, 3, 3, 0], InputRowsStart = 1, Count = 3 }]);
        collector.Observe([Job(0) with { InputStart = 1, InputStride = 1, Count = 1 }, Job(1) with { Count = 0 }]);
        var entry = collector.ToMatrix("text", 2, 4).Entries[Experts];
        Assert.Equal([3f, 0, 3], entry.Counts);
        Assert.Equal([1 + 9 + 4f, 1400, 0, 0, 0, 0, 16 + 16 + 1f, 3300, 0], entry.Sums);
        Assert.Equal([(Experts, 2, 3)], collector.Partial());
    }

    [Fact]
    public void Heads_share_one_count_and_experts_never_do()
    {
        var collector = new ImportanceCollector([new NamedMatrices("blk.0.attn_k_b.weight", _matrices[..2]), new NamedMatrices(Experts, _matrices[2..])]);
        collector.Observe([Job(0) with { Count = 1 }, Job(1) with { Count = 1 }, Job(2) with { Count = 1 }]);
        var matrix = collector.ToMatrix("text", 1, 1);
        Assert.Equal([1f], matrix.Entries["blk.0.attn_k_b.weight"].Counts);
        Assert.Equal(2 * Columns, matrix.Entries["blk.0.attn_k_b.weight"].Sums.Length);
        Assert.Equal([1f], matrix.Entries[Experts].Counts);
    }

    [Fact]
    public void Transposed_products_and_unnamed_matrices_do_not_count()
    {
        var collector = new ImportanceCollector([new NamedMatrices("output.weight", _matrices[..1])]);
        collector.Observe([Job(0) with { Count = 1, Transposed = true }, Job(1) with { Count = 1 }]);
        Assert.Equal(0, collector.Count);
        Assert.Empty(collector.ToMatrix("text", 0, 1).Entries);
        Assert.Empty(collector.Partial());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1e30f)] // its square is infinite
    public void Inputs_that_are_not_finite_are_told_with_the_tensor(float value)
    {
        var collector = new ImportanceCollector([new NamedMatrices("blk.7.ffn_down.weight", _matrices[..1])]);
        _input.Row(0)[1] = value;
        var exception = Assert.Throws<CheckpointException>(() => collector.Observe([Job(0) with { Count = 1 }]));
        Assert.Contains("blk.7.ffn_down.weight", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_matrix_of_a_layer_is_measured_under_its_tensors_name(string name)
    {
        var split = name.Contains("legacy", StringComparison.Ordinal) ? Engine.Models.MlaForm.Expanded : Engine.Models.MlaForm.Absorbed;
        using var model = LoadedModel.Open(name, LoadedModel.Plain with { Mla = split });
        var collector = new ImportanceCollector(model.Model.Matrices);
        model.Model.Observer = collector.Observe;
        using (var pass = new ScoringPass(model.Model, TestModels.TokensOf(name), 64, firstVisited: 64))
        {
            pass.Step(TestContext.Current.CancellationToken);
        }

        var measured = collector.ToMatrix("text", 1, 64).Entries;
        var matrices = model.TensorShapes().Where(tensor => tensor.Key.StartsWith("blk.", StringComparison.Ordinal) && IsMultiplied(tensor.Key, tensor.Value)).ToDictionary();
        Assert.Equal(matrices.Keys.Order(StringComparer.Ordinal), measured.Keys.Order(StringComparer.Ordinal));
        Assert.All(measured, entry =>
        {
            Assert.Equal(matrices[entry.Key].Count == 3 ? matrices[entry.Key][0] * matrices[entry.Key][2] : matrices[entry.Key][^1], entry.Value.Sums.Length);
            Assert.Equal(TensorRole.Of(entry.Key) == TensorRole.Experts ? matrices[entry.Key][0] : 1, entry.Value.Counts.Length);
            Assert.Contains(entry.Value.Sums, sum => sum > 0);
        });
        var counts = measured.Values.Where(entry => entry.Counts.Length == 1).Select(entry => entry.Counts[0]);
        Assert.All(counts, count => Assert.Equal(64, count));
    }

    [Fact]
    public void The_step_changes_no_count_and_sums_only_by_rounding()
    {
        var whole = Measure("g-qwen3moe", 64);
        var stepwise = Measure("g-qwen3moe", 7);
        Assert.Equal(whole.Keys.Order(StringComparer.Ordinal), stepwise.Keys.Order(StringComparer.Ordinal));
        Assert.All(whole, entry =>
        {
            Assert.Equal(entry.Value.Counts, stepwise[entry.Key].Counts);
            Assert.All(entry.Value.Sums.Zip(stepwise[entry.Key].Sums), pair => Assert.Equal(pair.First, pair.Second, 1e-5f * Math.Abs(pair.First)));
        });
    }

    private static IReadOnlyDictionary<string, Engine.Conversion.ImportanceEntry> Measure(string name, int step)
    {
        using var model = LoadedModel.Open(name);
        var collector = new ImportanceCollector(model.Model.Matrices);
        model.Model.Observer = collector.Observe;
        using var pass = new ScoringPass(model.Model, TestModels.Tokens(), step);
        while (pass.Step(TestContext.Current.CancellationToken))
        {
        }

        return collector.ToMatrix("text", 1, 64).Entries;
    }

    // Biases of experts are stacks of vectors, and short convolutions' kernels have two axes too.
    private static bool IsMultiplied(string name, IReadOnlyList<long> shape) =>
        shape.Count >= 2 && name.EndsWith(".weight", StringComparison.Ordinal) && !name.Contains("conv1d", StringComparison.Ordinal) && TensorRole.Of(name) != TensorRole.Norms;

    private MatMulJob Job(int matrix) => new() { Weights = _matrices[matrix], Input = _input, InputStride = 1, Output = _output, OutputStride = Columns };
}
