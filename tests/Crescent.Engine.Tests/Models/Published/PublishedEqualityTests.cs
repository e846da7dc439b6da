using Crescent.Kernels;
using Crescent.Kernels.MatMul;
using Xunit;

namespace Crescent.Tests.Models.Published;

/// <summary>Every form of published weights gives the same bits at every instruction-set level, however the work is cut up. Batches: EqualityTests.</summary>
public sealed class PublishedEqualityTests
{
    private static readonly (int Chunk, int Threads)[] s_cuts = [(1, 1), (7, 2), (64, 1), (64, 2)];

    public static TheoryData<string, ActivationType> Forms
    {
        get
        {
            var rows = new TheoryData<string, ActivationType>();
            foreach (var name in PublishedModels.OnePerForm)
            {
                rows.Add(name, ActivationType.Int8);
                rows.Add(name, ActivationType.F32);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Levels_chunks_and_threads_give_the_same_bits(string name, ActivationType activations)
    {
        TestModels.Require(IsaLevel.Avx512);
        var tokens = PublishedModels.TokensOf(name).AsSpan(0, 40);
        float[]? expected = null;
        foreach (var isa in Enum.GetValues<IsaLevel>())
        {
            foreach (var (chunk, threads) in s_cuts)
            {
                using var model = LoadedModel.OpenFile(PublishedModels.FolderOf(name), LoadedModel.Plain with { Isa = isa, Threads = threads, Activations = activations });
                var logits = model.Score(tokens, chunk);
                Logits.AssertSameBits(expected ??= logits, logits, $"{isa}, chunk {chunk}, {threads} threads,");
            }
        }
    }
}
