using Crescent.Engine.Conversion;
using Crescent.Kernels;
using Xunit;

namespace Crescent.Engine.Tests.Conversion;

public class TypeOverridesTests
{
    [Fact]
    public void A_pattern_is_found_anywhere_in_a_name_and_the_first_decides()
    {
        var overrides = TypeOverrides.Parse(["blk\\.[0-2]\\.ffn_down=Q8_0", "ffn_down=q6_k", "^output\\.weight$=BF16"]);
        Assert.Equal(DType.Q8_0, Get(overrides, "blk.1.ffn_down_exps.weight"));
        Assert.Equal(DType.Q6_K, Get(overrides, "blk.12.ffn_down_exps.weight"));
        Assert.Equal(DType.BF16, Get(overrides, "output.weight"));
        Assert.Null(Get(overrides, "blk.1.attn_output.weight"));
        Assert.Null(Get(TypeOverrides.None, "output.weight"));
    }

    [Fact]
    public void A_pattern_may_hold_an_equals_sign() =>
        Assert.Equal(DType.Q4_0, Get(TypeOverrides.Parse(["a=b=Q4_0"]), "a=b"));

    [Fact]
    public void Patterns_that_decide_over_nothing_are_named()
    {
        var overrides = TypeOverrides.Parse(["ffn_=Q4_K", "ffn_down=Q6_K", "fnn_up=Q5_K"]);
        Assert.Equal(["ffn_down", "fnn_up"], overrides.Unused(["blk.0.ffn_down.weight", "blk.0.ffn_up.weight"]));
    }

    [Theory]
    [InlineData("ffn_down", "PATTERN=TYPE")]
    [InlineData("=Q4_K", "PATTERN=TYPE")]
    [InlineData("ffn_down=", "PATTERN=TYPE")]
    [InlineData("ffn_down=Q9_K", "Q9_K")]
    [InlineData("ffn_down=12", "12")]
    [InlineData("ffn_[down=Q4_K", "ffn_[down")]
    [InlineData("(?=ffn)=Q4_K", "look-around")]
    [InlineData("(a)\\1=Q4_K", "back-references")]
    public void A_bad_argument_is_refused_with_what_is_wrong(string argument, string expected)
    {
        var exception = Assert.Throws<ArgumentException>(() => TypeOverrides.Parse([argument]));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_type_is_refused_with_those_that_can_be_encoded()
    {
        var exception = Assert.Throws<ArgumentException>(() => TypeOverrides.Parse(["x=NONE"]));
        Assert.Contains("Q4_K", exception.Message, StringComparison.Ordinal);
        Assert.Contains("MXFP4", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Patterns_that_would_backtrack_without_end_match_at_once()
    {
        var overrides = TypeOverrides.Parse(["(a+)+b=Q4_K"]);
        Assert.Null(Get(overrides, new string('a', 20_000)));
        Assert.Throws<ArgumentException>(() => TypeOverrides.Parse([new string('a', 2000) + "=Q4_K"]));
    }

    private static DType? Get(TypeOverrides overrides, string tensor) => overrides.TryGet(tensor, out var type) ? type : null;
}
