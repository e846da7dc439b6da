using Crescent.Kernels;

namespace Crescent.Engine.Synthesis;

/// <summary>A preset with options that fit it.</summary>
internal sealed record SynthRequest(SynthPreset Preset, SynthVocabulary Vocabulary, DType Type, int Layers, SynthOptions Options)
{
    private const DType GgufType = DType.Q4_0;

    public SynthShape Shape => Preset.Shape;

    /// <exception cref="ArgumentOutOfRangeException">More layers than the model has, or no thread.</exception>
    /// <exception cref="NotSupportedException">The model is not published in the format, or the type cannot hold the values exactly.</exception>
    public static SynthRequest Check(SynthPreset preset, SynthOptions options)
    {
        var shape = preset.Shape;
        var types = TypesOf(preset, options.Format);
        var type = options.DType ?? (options.Format == SynthFormat.Gguf ? GgufType : types.Contains(shape.Release) ? shape.Release : types[0]);
        if (options.Format == SynthFormat.Safetensors && type == DType.MXFP4)
        {
            type = DType.MXFP4_SPLIT; // the same values; which of the two layouts goes with the format
        }

        if (!types.Contains(type))
        {
            throw new NotSupportedException(
                $"synth {preset.Name}{(options.Format == SynthFormat.Gguf ? "" : $" as {options.Format.ToString().ToLowerInvariant()}")} in {type}: expected a type that holds the values exactly, one of {string.Join(", ", types)}");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1);
        var layers = options.Layers ?? shape.Layers;
        return layers >= 1 && layers <= shape.Layers
            ? new SynthRequest(preset, shape.Vocabulary(), type, layers, options)
            : throw new ArgumentOutOfRangeException(nameof(options), $"{preset.Name} layers: expected 1..{shape.Layers}, found {layers}");
    }

    /// <summary>Progress in bytes of tensors, from bytes written.</summary>
    public static IProgress<long>? Relay(IProgress<SynthProgress>? progress, long total) =>
        progress is null ? null : new Reporter(written => progress.Report(new SynthProgress(written, total)));

    private static IReadOnlyList<DType> TypesOf(SynthPreset preset, SynthFormat format) => format switch
    {
        SynthFormat.Gguf => preset.Shape.Formats,
        SynthFormat.Safetensors => preset.Shape.PublishedTypes,
        _ when preset.Shape is GrokShape => [DType.INT8_KN],
        _ => throw new NotSupportedException($"synth {preset.Name}: expected gguf or safetensors, found grok, the format of Grok-1's release alone"),
    };

    // Progress<T> would post to another thread, out of order.
    private sealed class Reporter(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
