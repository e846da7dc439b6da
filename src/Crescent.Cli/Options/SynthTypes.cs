using Crescent.Kernels;

namespace Crescent.Cli.Options;

/// <summary>Types of made-up models by name: GGUF's, and those of releases.</summary>
internal static class SynthTypes
{
    // As releases and their configurations call them.
    private static readonly Dictionary<string, DType> s_published = new(StringComparer.OrdinalIgnoreCase)
    {
        ["fp8"] = DType.F8_E4M3,
        ["int4"] = DType.INT4_G32,
        ["int8"] = DType.INT8_KN,
    };

    public static DType Parse(string option, string name) => s_published.TryGetValue(name, out var type) ? type : Values.TensorType(option, name, _ => true);
}
