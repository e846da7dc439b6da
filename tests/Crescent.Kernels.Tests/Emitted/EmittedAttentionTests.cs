using Crescent.Kernels.Attention;
using Crescent.Kernels.Emitted;
using Crescent.Kernels.Emitted.Attention;
using Crescent.Kernels.Tests.Attention;
using Crescent.Kernels.Tests.MatMul;
using Xunit;

namespace Crescent.Kernels.Tests.Emitted;

/// <summary>The emitted loops of attention against the managed ones: the same bits, for every type of rows and number of queries.</summary>
public class EmittedAttentionTests
{
    private static readonly KvType[] s_types = [KvType.F32, KvType.F16, KvType.BF16, KvType.Q8_0];

    public static TheoryData<string, AttentionShape> Shapes => new()
    {
        { "latent, 16 heads", new(16, 1, 576, 512, true, 0.1f) },
        { "latent, 64 heads", new(64, 1, 96, 64, true, 0.3f) },
        { "latent, 20 heads", new(20, 1, 64, 32, true, 0.3f) },
        { "latent, 9 heads", new(9, 1, 32, 32, true, 0.5f) },
        { "grouped by 4", new(8, 2, 64, 64, false, 0.2f) },
        { "grouped by 7", new(14, 2, 128, 128, false, 0.1f) },
        { "grouped by 8", new(16, 2, 128, 64, false, 0.2f) },
        { "grouped by 12", new(24, 2, 96, 128, false, 0.2f) },
        { "one head a kv head", new(3, 3, 32, 96, false, 0.4f) },
        { "widths of no whole chain", new(18, 1, 72, 40, true, 0.4f) },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Attention_has_the_bits_of_the_managed_loops(string name, AttentionShape shape)
    {
        PanelKernelTests.SkipUnlessEmitted();
        foreach (var type in s_types.Where(type => type != KvType.Q8_0 || (shape.KeyWidth % 32 == 0 && shape.ValueWidth % 32 == 0)))
        {
            foreach (var modifiers in (AttentionModifiers[])[AttentionModifiers.None, new() { Window = 70 }])
            {
                using var batch = new AttentionCase(shape, type, [(0, 1), (0, 70), (33, 1), (63, 1), (64, 2), (300, 1), (1100, 1), (510, 9)], name.Length, modifiers);
                AssertBits.Equal(
                    batch.Run(2, IsaLevel.Avx512), batch.Run(2, IsaLevel.Avx512Vnni), $"{name}, {type}, window {modifiers.Window}");
            }
        }
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void Values_that_are_not_finite_reach_only_those_who_see_them(float value)
    {
        PanelKernelTests.SkipUnlessEmitted();
        var shape = new AttentionShape(2, 2, 32, 32, false, 1);
        using var batch = new AttentionCase(shape, KvType.F32, [(300, 40)], 2); // a cache of halves holds no infinity
        var before = batch.Run(1, IsaLevel.Avx512);
        batch.Poison(sequence: 0, fromPosition: 313, value, endPosition: 314);
        var expected = batch.Run(1, IsaLevel.Avx512);
        var actual = batch.Run(1, IsaLevel.Avx512Vnni);
        var seen = 13 * shape.Heads * shape.ValueWidth;
        AssertBits.Equal(before.AsSpan(..seen), actual.AsSpan(..seen), "before");
        AssertBits.EqualButForNaN(expected, actual, "all");
        Assert.Contains(actual, float.IsNaN);
    }

    [Theory]
    [InlineData(KvType.F32)]
    [InlineData(KvType.F16)]
    [InlineData(KvType.BF16)]
    public void Where_no_code_is_allowed_there_are_no_loops(KvType type)
    {
        PanelKernelTests.SkipUnlessEmitted();
        Assert.NotNull(AttentionKernels.Create(type, ExecutableCode.Load));
        Assert.Null(AttentionKernels.Create(type, _ => 0));
        var loads = 0;
        Assert.Null(AttentionKernels.Create(type, code => loads++ == 0 ? ExecutableCode.Load(code) : 0));
    }
}
