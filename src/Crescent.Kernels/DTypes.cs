using System.Diagnostics.CodeAnalysis;

namespace Crescent.Kernels;

/// <summary>How a type is stored: <paramref name="BlockLength"/> consecutive values of a row take <paramref name="BlockBytes"/> bytes.</summary>
public sealed record DTypeLayout(DType DType, int BlockLength, int BlockBytes)
{
    /// <summary>The name as upstream spells it, e.g. <c>Q4_K</c>.</summary>
    public string Name { get; } = DType.ToString();

    /// <summary>Bytes of a row of <paramref name="columns"/> values.</summary>
    /// <exception cref="ArgumentException">The columns are not whole blocks.</exception>
    public long RowBytes(long columns) =>
        columns % BlockLength == 0
            ? columns / BlockLength * BlockBytes
            : throw new ArgumentException($"{columns} columns are not a multiple of {Name}'s block of {BlockLength}", nameof(columns));
}

/// <summary>The table of storage layouts (ggml's type table, `ggml.c` type_traits), and the names of types that are recognised only to be refused.</summary>
public static class DTypes
{
    private static readonly Dictionary<DType, DTypeLayout> s_layouts = new DTypeLayout[]
    {
        new(DType.F32, 1, 4), new(DType.F16, 1, 2), new(DType.BF16, 1, 2), new(DType.F64, 1, 8),
        new(DType.I8, 1, 1), new(DType.I16, 1, 2), new(DType.I32, 1, 4), new(DType.I64, 1, 8),
        new(DType.Q4_0, 32, 18), new(DType.Q4_1, 32, 20), new(DType.Q5_0, 32, 22), new(DType.Q5_1, 32, 24), new(DType.Q8_0, 32, 34),
        new(DType.IQ4_NL, 32, 18), new(DType.MXFP4, 32, 17),
        new(DType.Q2_K, 256, 84), new(DType.Q3_K, 256, 110), new(DType.Q4_K, 256, 144), new(DType.Q5_K, 256, 176), new(DType.Q6_K, 256, 210),
        new(DType.IQ4_XS, 256, 136), new(DType.IQ1_S, 256, 50), new(DType.IQ1_M, 256, 56), new(DType.IQ2_XXS, 256, 66),
        new(DType.IQ2_XS, 256, 74), new(DType.IQ2_S, 256, 82), new(DType.IQ3_XXS, 256, 98), new(DType.IQ3_S, 256, 110),
        new(DType.TQ1_0, 256, 54), new(DType.TQ2_0, 256, 66),
    }.ToDictionary(layout => layout.DType);

    // Types that no GGUF file has: the bytes of the codes alone, their scales lie in a tensor of their own.
    private static readonly Dictionary<DType, DTypeLayout> s_split = new DTypeLayout[]
    {
        new(DType.F8_E4M3, 1, 1), new(DType.INT4_G32, 32, 16), new(DType.MXFP4_SPLIT, 32, 16), new(DType.INT8_KN, 1, 1),
    }.ToDictionary(layout => layout.DType);

    // ik_llama.cpp's own types (ggml.h of that fork): named in errors, not read.
    private static readonly Dictionary<int, string> s_foreign = new()
    {
        [9] = "Q8_1",
        [15] = "Q8_K",
        [133] = "Q6_0",
        [137] = "IQ2_K",
        [138] = "IQ3_K",
        [139] = "IQ4_K",
        [140] = "IQ5_K",
        [141] = "IQ6_K",
        [144] = "IQ4_KS",
        [145] = "IQ2_KS",
        [146] = "IQ4_KSS",
        [152] = "IQ5_KS",
        [153] = "IQ2_KT",
        [154] = "IQ3_KT",
        [155] = "IQ4_KT",
        [156] = "IQ3_KS",
        [157] = "IQ2_KL",
        [158] = "IQ1_KT",
    };

    /// <summary>All layouts of GGML's types.</summary>
    public static IReadOnlyCollection<DTypeLayout> All => s_layouts.Values;

    /// <summary>The types whose scales lie in a tensor of their own.</summary>
    public static IReadOnlyCollection<DType> Split => s_split.Keys;

    /// <summary>The layout of a type that is known to exist.</summary>
    public static DTypeLayout Layout(this DType dtype) => dtype.HasSplitScales() ? s_split[dtype] : s_layouts[dtype];

    /// <summary>Whether the scales lie in a tensor of their own; a row's bytes are then its codes alone.</summary>
    public static bool HasSplitScales(this DType dtype) => s_split.ContainsKey(dtype);

    public static bool TryGetLayout(int ggmlType, [NotNullWhen(true)] out DTypeLayout? layout) =>
        s_layouts.TryGetValue((DType)ggmlType, out layout);

    /// <summary>A readable name for any type id: ours, a fork's, or the bare number.</summary>
    public static string Describe(int ggmlType) =>
        s_layouts.TryGetValue((DType)ggmlType, out var layout) || s_split.TryGetValue((DType)ggmlType, out layout) ? layout.Name
        : s_foreign.TryGetValue(ggmlType, out var name) ? $"{name} (type {ggmlType}, an ik_llama.cpp or internal type)"
        : ggmlType is >= 200 and < 400 ? $"type {ggmlType} (an ik_llama.cpp interleaved repack)"
        : $"type {ggmlType}";
}
