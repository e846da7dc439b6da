using Crescent.Kernels.Attention;

namespace Crescent.Kernels.Emitted.Attention;

/// <summary>The emitted loops of attention over rows of one type. Code is written at most once in a process, as compiled methods are.</summary>
internal sealed unsafe class AttentionKernels
{
    private static readonly Lazy<AttentionKernels?> s_f32 = new(() => Create(KvType.F32, ExecutableCode.Load));
    private static readonly Lazy<AttentionKernels?> s_f16 = new(() => Create(KvType.F16, ExecutableCode.Load));
    private static readonly Lazy<AttentionKernels?> s_bf16 = new(() => Create(KvType.BF16, ExecutableCode.Load));

    private readonly delegate* unmanaged<ScoreArguments*, void> _score;
    private readonly delegate* unmanaged<ValueArguments*, void> _value;

    private AttentionKernels(KvType type, nint score, nint value)
    {
        ValueBytes = RowDecoder.ValueBytes(type);
        _score = (delegate* unmanaged<ScoreArguments*, void>)score;
        _value = (delegate* unmanaged<ValueArguments*, void>)value;
    }

    /// <summary>Bytes of a value in a row.</summary>
    public int ValueBytes { get; }

    /// <summary>The loops for a type of rows; null where it has none, or where nothing can be emitted here.</summary>
    public static AttentionKernels? Find(KvType type) => type switch
    {
        KvType.F32 => s_f32.Value,
        KvType.F16 => s_f16.Value,
        KvType.BF16 => s_bf16.Value,
        _ => null,
    };

    /// <summary>The loops for a type of rows, or null where the processor lacks the instructions or the system allows no new code.</summary>
    /// <param name="load">Makes code executable: <see cref="ExecutableCode.Load"/>.</param>
    public static AttentionKernels? Create(KvType type, CodeLoader load)
    {
        if (!VnniSupport.IsSupported)
        {
            return null;
        }

        var score = load(ScoreKernelEmitter.Emit(type));
        var value = score == 0 ? 0 : load(ValueKernelEmitter.Emit(type));
        return value == 0 ? null : new AttentionKernels(type, score, value);
    }

    /// <inheritdoc cref="ScoreKernelEmitter"/>
    public void Score(ScoreArguments* arguments) => _score(arguments);

    /// <inheritdoc cref="ValueKernelEmitter"/>
    public void Accumulate(ValueArguments* arguments) => _value(arguments);
}
