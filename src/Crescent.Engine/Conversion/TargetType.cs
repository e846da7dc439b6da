using Crescent.Kernels;
using Crescent.Kernels.Quantization;

namespace Crescent.Engine.Conversion;

/// <summary>What the matrices of a model are to become: a mix of types by llama.cpp's rules, or one type for all.</summary>
public sealed class TargetType
{
    // The last is one of expert records alone: no GGUF file has it.
    private static readonly DType[] s_types = [.. RowCodec.Supported.Where(RowCodec.CanEncode), DType.INT4_G32];

    private readonly QuantizationMix? _mix;

    private TargetType(string name, DType main, QuantizationMix? mix) => (Name, Main, _mix) = (name, main, mix);

    public string Name { get; }

    /// <summary>The type of most matrices.</summary>
    public DType Main { get; }

    /// <summary>The number that GGUF's <c>general.file_type</c> has for it.</summary>
    public int FileType => _mix?.FileType ?? FileTypes.Of(Main);

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. QuantizationMix.All.Select(mix => mix.Name).Concat(s_types.Select(type => type.Layout().Name)).Distinct()];

    /// <summary>A mix or a type by its name, in any case; of a name that both have, the mix.</summary>
    /// <exception cref="ArgumentException">Nothing has the name.</exception>
    public static TargetType Parse(string name)
    {
        if (QuantizationMix.All.FirstOrDefault(mix => mix.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } mix)
        {
            return new TargetType(mix.Name, mix.Main, mix);
        }

        foreach (var type in s_types)
        {
            if (type.Layout().Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return new TargetType(type.Layout().Name, type, null);
            }
        }

        throw new ArgumentException($"no type is named \"{name}\"; expected one of {string.Join(", ", Names)}", nameof(name));
    }

    /// <summary>The type of a tensor.</summary>
    /// <param name="tensor">Its GGUF name.</param>
    /// <param name="shape">Row-major: the contiguous axis last.</param>
    public DType TypeOf(string tensor, IReadOnlyList<long> shape, MixModel model) =>
        _mix is not null ? _mix.TypeOf(tensor, shape, model)
        : Main == DType.INT4_G32 && QuantizationMix.Quantizes(tensor, shape) ? (TensorPlaces.IsExperts(tensor) && shape[^1] % Int4Groups.GroupLength == 0 ? Main : DType.BF16)
        : QuantizationMix.Quantizes(tensor, shape) ? QuantizationMix.Fitting(Main, shape[^1])
        : DType.F32;
}
