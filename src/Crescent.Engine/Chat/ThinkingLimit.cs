using Crescent.Text.Grammars;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Chat;

/// <summary>Ends reasoning that takes more tokens than it may: then only the marker of its end may follow. Beside that it changes nothing.</summary>
internal sealed class ThinkingLimit : ITokenConstraint
{
    private readonly ITokenConstraint? _inner;
    private readonly int? _begin;
    private readonly int _end;
    private readonly int _most;
    private bool _isOpen;
    private int _used;

    /// <param name="inner">What else binds the answer; null for nothing.</param>
    /// <param name="begin">The marker that opens reasoning; null where only the prompt does.</param>
    /// <param name="isOpen">Whether the prompt ends inside the reasoning.</param>
    public ThinkingLimit(ITokenConstraint? inner, int? begin, int end, bool isOpen, int most) => (_inner, _begin, _end, _isOpen, _most) = (inner, begin, end, isOpen, most);

    /// <inheritdoc/>
    public int TokensNeeded => _inner?.TokensNeeded ?? 0;

    /// <summary>The constraint with the request's limit about it, where it has one and the family's markers are tokens.</summary>
    public static ITokenConstraint? Apply(ChatRequest request, ChatTemplate template, Tokenizer tokenizer, ITokenConstraint? inner) =>
        request is { ThinkingBudget: { } most, Conversation: { } conversation } && tokenizer.FindMarker("</think>") is { } end
            ? new ThinkingLimit(inner, tokenizer.FindMarker("<think>"), end, template.OpensReasoning(conversation), most)
            : inner;

    /// <inheritdoc/>
    public bool TryFill(Span<ulong> mask, int tokensLeft)
    {
        if (!_isOpen || _used < _most)
        {
            return _inner is not null && _inner.TryFill(mask, tokensLeft);
        }

        mask.Clear();
        mask[_end >> 6] |= 1UL << (_end & 63);
        return true;
    }

    /// <inheritdoc/>
    public void Accept(int token)
    {
        _inner?.Accept(token);
        if (token == _end)
        {
            _isOpen = false;
        }
        else if (token == _begin)
        {
            _isOpen = true;
        }
        else if (_isOpen)
        {
            _used++;
        }
    }
}
