namespace Crescent.Kernels.Attention;

/// <summary>The queries of an item of work: a block of tokens of one span × a block of the heads of one kv head, tokens first.</summary>
internal readonly struct AttentionItem
{
    private readonly int _heads; // of the model
    private readonly int _firstRow;
    private readonly int _firstPosition;
    private readonly int _firstHead;
    private readonly int _headCount; // of the item

    public AttentionItem(AttentionShape shape, in AttentionPlan plan, in AttentionSpan span, int sequence, int firstToken, int headItem)
    {
        var blocksAGroup = plan.HeadBlocks / shape.KvHeads;
        var firstInGroup = headItem % blocksAGroup * plan.HeadBlock;
        Sequence = sequence;
        KvHead = headItem / blocksAGroup;
        FirstToken = firstToken;
        EndToken = Math.Min(firstToken + plan.TokenBlock, span.Count);
        _heads = shape.Heads;
        _firstRow = span.FirstRow;
        _firstPosition = span.FirstPosition;
        _firstHead = (KvHead * shape.GroupSize) + firstInGroup;
        _headCount = Math.Min(plan.HeadBlock, shape.GroupSize - firstInGroup);
        Queries = (EndToken - firstToken) * _headCount;
    }

    public int Sequence { get; }

    public int KvHead { get; }

    /// <summary>First token, counted within the span; <see cref="EndToken"/> is exclusive.</summary>
    public int FirstToken { get; }

    public int EndToken { get; }

    public int Queries { get; }

    public int TokenOf(int query) => FirstToken + (query / _headCount);

    public int HeadOf(int query) => _firstHead + (query % _headCount);

    public int Position(int token) => _firstPosition + token;

    /// <summary>Row of a query in buffers [rows, heads].</summary>
    public long Row(int query) => ((long)(_firstRow + TokenOf(query)) * _heads) + HeadOf(query);
}
