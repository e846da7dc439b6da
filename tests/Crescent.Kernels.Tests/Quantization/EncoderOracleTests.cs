using System.Security.Cryptography;
using Crescent.Kernels.Quantization;
using Xunit;

namespace Crescent.Kernels.Tests.Quantization;

/// <summary>
/// Bytes of upstream's quantisers for 8 rows of 2048 values, without and with importance: the first 8 bytes of their SHA-256. Made with ggml's C functions (commit
/// d99724f2b141fed9e1a9f402213506c081433465: quantize_row_iq4_nl_ref for IQ4_NL without importance, else quantize_…) compiled without contraction to fused multiply-add.
/// </summary>
public class EncoderOracleTests
{
    private const int Rows = 8;
    private const int Columns = 2048;

    private static readonly Dictionary<DType, (string Plain, string Weighted)> s_digests = new()
    {
        [DType.Q4_0] = ("074B8B166029F4C0", "8DE747821AFBAAB9"),
        [DType.Q4_1] = ("20C4CE7B36D59E7D", "AED0C3FDEE32D71E"),
        [DType.Q5_0] = ("82B0148D927BC0CF", "2F9D7B2527FA48A5"),
        [DType.Q5_1] = ("C64C918D5CEDB342", "9E69D13EC341B726"),
        [DType.Q8_0] = ("BE439C2C681BFB9F", "BE439C2C681BFB9F"),
        [DType.IQ4_NL] = ("07788B520F572F6A", "6D95D7DA9BD40FB6"),
        [DType.MXFP4] = ("D67A97504005B2E0", "D67A97504005B2E0"),
        [DType.Q2_K] = ("1AB480D7A45F7BB4", "C06CA65CFA5C537A"),
        [DType.Q3_K] = ("3AEAFD27401A7C39", "FDC0568121758E40"),
        [DType.Q4_K] = ("4FF0E1D58AC30681", "7ECAB98B2DB6B014"),
        [DType.Q5_K] = ("39550EB77E61E591", "6AD54371E8D6CAE2"),
        [DType.Q6_K] = ("DDADFF2262579058", "77210C948612AD39"),
        [DType.IQ4_XS] = ("D7F39507BEA949DB", "DE81245C629BF2EE"),
    };

    public static TheoryData<DType> DTypes => [.. s_digests.Keys];

    [Theory]
    [MemberData(nameof(DTypes))]
    public void Bytes_without_importance_are_those_of_upstream(DType dtype) => Assert.Equal(s_digests[dtype].Plain, Digest(dtype, weighted: false));

    [Theory]
    [MemberData(nameof(DTypes))]
    public void Bytes_with_importance_are_those_of_upstream(DType dtype) => Assert.Equal(s_digests[dtype].Weighted, Digest(dtype, weighted: true));

    private static string Digest(DType dtype, bool weighted)
    {
        var (values, importance) = EncoderRows.Portable(Rows, Columns);
        var rowBytes = (int)dtype.Layout().RowBytes(Columns);
        var bytes = new byte[Rows * rowBytes];
        for (var row = 0; row < Rows; row++)
        {
            RowCodec.Encode(dtype, values.AsSpan(row * Columns, Columns), weighted ? importance : [], bytes.AsSpan(row * rowBytes, rowBytes));
        }

        return Convert.ToHexString(SHA256.HashData(bytes))[..16];
    }
}
