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
    private readonly nint[] _rowScores; // [queries − 1]; none for rows of float32
    private readonly nint[] _rowValues; // [queries − 1]

    private AttentionKernels(KvType type, nint score, nint value, nint[] rowScores, nint[] rowValues)
    {
        ValueBytes = RowDecoder.ValueBytes(type);
        _score = (delegate* unmanaged<ScoreArguments*, void>)score;
        _value = (delegate* unmanaged<ValueArguments*, void>)value;
        (_rowScores, _rowValues) = (rowScores, rowValues);
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

        var few = type == KvType.F32 ? [] : Enumerable.Range(1, RowScoreKernelEmitter.MostQueries).ToArray();
        var rowScores = few.Select(queries => load(RowScoreKernelEmitter.Emit(type, queries))).ToArray();
        var rowValues = few.Select(queries => load(ValueKernelEmitter.Emit(type, queries))).ToArray();
        var score = load(ScoreKernelEmitter.Emit(type));
        var value = load(ValueKernelEmitter.Emit(type, SoftmaxColumns.Queries));
        return score == 0 || value == 0 || rowScores.Contains(0) || rowValues.Contains(0) ? null : new AttentionKernels(type, score, value, rowScores, rowValues);
    }

    /// <summary>Most queries that <see cref="ScoreRows"/> and <see cref="AccumulateRows"/> take; 0 where rows of this type have no such loops.</summary>
    public int MostRowQueries => _rowScores.Length;

    /// <inheritdoc cref="ScoreKernelEmitter"/>
    public void Score(ScoreArguments* arguments) => _score(arguments);

    /// <summary>The sums of values for 16 queries.</summary>
    public void Accumulate(ValueArguments* arguments) => _value(arguments);

    /// <inheritdoc cref="RowScoreKernelEmitter"/>
    public void ScoreRows(int queries, RowScoreArguments* arguments) => ((delegate* unmanaged<RowScoreArguments*, void>)_rowScores[queries - 1])(arguments);

    /// <summary>The sums of values for a few queries.</summary>
    public void AccumulateRows(int queries, ValueArguments* arguments) => ((delegate* unmanaged<ValueArguments*, void>)_rowValues[queries - 1])(arguments);
}
