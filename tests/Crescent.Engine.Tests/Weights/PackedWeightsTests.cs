using Crescent.Kernels;
using Crescent.Tests.Models;
using Crescent.Tests.Models.Published;
using Xunit;

namespace Crescent.Tests.Weights;

/// <summary>Emitted kernels give a model the bits of the managed loops: over the rows of the file, while these become panels, and over panels.</summary>
public sealed class PackedWeightsTests
{
    private const int Decoded = 10;

    // Formats that have panels.
    private static readonly DType[] s_formats =
        [DType.Q4_0, DType.Q8_0, DType.IQ4_NL, DType.MXFP4, DType.MXFP4_SPLIT, DType.INT4_G32, DType.Q4_K, DType.Q5_K, DType.Q6_K, DType.IQ4_XS];

    public static TheoryData<string> Models => TestModels.Rows([.. TestModels.All, .. PublishedModels.OnePerForm]);

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_are_those_of_the_managed_loops_before_and_after_the_weights_have_moved(string name)
    {
        Assert.SkipUnless(IsaLevels.IsSupported(IsaLevel.Avx512Vnni), "this processor has no AVX512-VNNI");
        var tokens = TestModels.TokensOf(name);
        using var managed = LoadedModel.Open(name, LoadedModel.Plain with { Isa = IsaLevel.Avx512 });
        var (whole, single) = (managed.Score(tokens, 64), managed.Decode(tokens.AsSpan(0, Decoded)));

        using var emitted = LoadedModel.Open(name, LoadedModel.Plain with { Isa = IsaLevel.Avx512Vnni, SmallestPackedBytes = 0 });
        AssertSame("rows");
        emitted.Model.MoveWeightsInBackground();
        AssertSame("on the move");
        emitted.Model.WaitUntilMoved();
        AssertSame("panels");
        Assert.Equal(emitted.TensorTypes().Intersect(s_formats).Any(), emitted.Model.PackedBytes > 0);

        void AssertSame(string where)
        {
            Logits.AssertSameBits(whole, emitted.Score(tokens, 64), $"{where}, chunk 64,");
            Logits.AssertSameBits(whole, emitted.Score(tokens, 5), $"{where}, chunk 5,");
            Logits.AssertSameBits(single, emitted.Decode(tokens.AsSpan(0, Decoded)), $"{where}, decoding,");
        }
    }
}
