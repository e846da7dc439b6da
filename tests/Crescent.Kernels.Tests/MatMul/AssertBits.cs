using Xunit;

namespace Crescent.Kernels.Tests.MatMul;

internal static class AssertBits
{
    /// <summary>Equal bit for bit; the message names the first difference.</summary>
    public static void Equal(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string where = "") => Equal(expected, actual, anyNaN: false, where);

    /// <summary>The same, but any NaN equals any other: which operand's NaN an instruction passes on depends on their order, which compilers choose.</summary>
    public static void EqualButForNaN(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string where = "") => Equal(expected, actual, anyNaN: true, where);

    private static void Equal(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, bool anyNaN, string where)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]) && !(anyNaN && float.IsNaN(expected[i]) && float.IsNaN(actual[i])))
            {
                Assert.Fail($"{where} element {i}: {actual[i]:R}, expected {expected[i]:R}");
            }
        }
    }
}
