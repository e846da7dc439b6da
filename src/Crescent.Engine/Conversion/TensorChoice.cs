using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>How the bytes of a written tensor come about.</summary>
internal enum TensorCoding
{
    /// <summary>Byte for byte.</summary>
    Copy,

    /// <summary>The same codes and scales in another order.</summary>
    Reorder,

    /// <summary>Decoded and encoded.</summary>
    Encode,
}

/// <summary>The type that a tensor is written in, and how it gets there.</summary>
internal readonly record struct TensorChoice(DType DType, TensorCoding Coding);

/// <summary>Chooses the types of written tensors.</summary>
/// <param name="isGguf">Whether the source has a GGUF file's types already: what is not asked to change stays as it is.</param>
internal sealed class TensorChooser(ConversionOptions options, MixModel model, bool isGguf, ConversionNotices notices, ScaleCheck scales)
{
    public TensorChoice Choose(TensorForm form)
    {
        var source = form.Source.DType;
        if (source is DType.I8 or DType.I16 or DType.I32 or DType.I64 or DType.F64)
        {
            return new TensorChoice(source, TensorCoding.Copy);
        }

        if (!QuantizationMix.Quantizes(form.Name, form.Shape))
        {
            return isGguf ? new TensorChoice(source, TensorCoding.Copy) : Plain(form, DType.F32);
        }

        return Requested(form) is { } type ? Convert(form, type) : Keep(form);
    }

    /// <summary>The type that the options ask for, or null where they leave a tensor alone.</summary>
    public DType? Requested(TensorForm form) =>
        !QuantizationMix.Quantizes(form.Name, form.Shape) ? null
        : options.Overrides.TryGet(form.Name, out var chosen) ? QuantizationMix.Fitting(chosen, form.Shape[^1])
        : options.Type?.TypeOf(form.Name, form.Shape, model);

    private TensorChoice Keep(TensorForm form)
    {
        var source = form.Source.DType;
        switch (source)
        {
            case DType.INT4_G32 when scales.Fit(form.Source):
                return new TensorChoice(DType.Q4_0, TensorCoding.Reorder);
            case DType.INT4_G32:
                notices.Add(form.Name, "in INT4 become F32, as their scales are beyond the halves of Q4_0");
                return new TensorChoice(DType.F32, TensorCoding.Encode);
            case DType.MXFP4_SPLIT:
                return new TensorChoice(DType.MXFP4, TensorCoding.Reorder);
            case DType.F8_E4M3 or DType.INT8_KN when scales.Fit(form.Source):
                notices.Add(form.Name, $"in {Name(source)} become BF16, which holds their values exactly");
                return new TensorChoice(DType.BF16, TensorCoding.Encode);
            case DType.F8_E4M3 or DType.INT8_KN:
                notices.Add(form.Name, $"in {Name(source)} become F32: BF16 would round their values (--type chooses a smaller type)");
                return new TensorChoice(DType.F32, TensorCoding.Encode);
            default:
                return Plain(form, form.IsComputed ? DType.F32 : source);
        }
    }

    private TensorChoice Convert(TensorForm form, DType type)
    {
        var source = form.Source.DType;
        if (source == DType.INT4_G32 && AsksFor(DType.Q4_0, form, type))
        {
            if (scales.Fit(form.Source))
            {
                return new TensorChoice(DType.Q4_0, TensorCoding.Reorder);
            }

            notices.Add(form.Name, "in INT4 are rounded to Q4_0, as their scales are beyond its halves");
        }
        else if (source == DType.MXFP4_SPLIT && AsksFor(DType.MXFP4, form, type))
        {
            return new TensorChoice(DType.MXFP4, TensorCoding.Reorder);
        }
        else if (type != source && type != DType.F32 && source is not (DType.F32 or DType.F16 or DType.BF16))
        {
            notices.Add(form.Name, $"quantised already go from {Name(source)} to {Name(type)}: errors add up");
        }

        return Plain(form, type);
    }

    // What holds a tensor exactly is never left for another type of the mix.
    private bool AsksFor(DType exact, TensorForm form, DType type) =>
        type == exact || (options.Type?.Main == exact && !options.Overrides.TryGet(form.Name, out _));

    // Rows that are made anew cannot be copied.
    private static TensorChoice Plain(TensorForm form, DType type) =>
        new(type, type == form.Source.DType && form.Rows is null ? TensorCoding.Copy : TensorCoding.Encode);

    private static string Name(DType type) => type switch
    {
        DType.F8_E4M3 => "FP8",
        DType.INT8_KN => "INT8",
        DType.INT4_G32 => "INT4",
        DType.MXFP4_SPLIT => "MXFP4",
        _ => type.Layout().Name,
    };
}
