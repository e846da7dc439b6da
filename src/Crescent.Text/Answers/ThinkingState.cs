using Crescent.Text.Templates;

namespace Crescent.Text.Answers;

/// <summary>Parts reasoning between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c> from the text around it.</summary>
internal sealed class ThinkingState
{
    private readonly AnswerWriter _writer;

    public ThinkingState(AnswerWriter writer, bool isThinking = false)
    {
        _writer = writer;
        if (isThinking)
        {
            Begin();
        }
    }

    public static string[] Markers { get; } = ["<think>", "</think>"];

    public bool IsThinking { get; private set; }

    public void Text(string text)
    {
        if (IsThinking)
        {
            _writer.Reasoning(text);
        }
        else
        {
            _writer.Text(text);
        }
    }

    /// <summary>True where the marker is one of reasoning; a stray one does nothing.</summary>
    public bool TryMarker(string marker)
    {
        switch (marker)
        {
            case "<think>":
                Begin();
                return true;
            case "</think>":
                End();
                return true;
            default:
                return false;
        }
    }

    /// <summary>Ends reasoning that is open, as a call does too.</summary>
    public void End()
    {
        if (IsThinking)
        {
            IsThinking = false;
            _writer.EndReasoning();
        }
    }

    /// <summary>Whether a prompt ends within opened reasoning, or after it; null where its last turn has neither.</summary>
    public static bool? AtEnd(IReadOnlyList<PromptSegment> prompt)
    {
        for (var i = prompt.Count - 1; i >= 0; i--)
        {
            var text = prompt[i].Text;
            var (begin, end) = (text.LastIndexOf("<think>", StringComparison.Ordinal), text.LastIndexOf("</think>", StringComparison.Ordinal));
            if (begin != end)
            {
                return begin > end;
            }

            if (prompt[i].IsMarker)
            {
                return null;
            }
        }

        return null;
    }

    private void Begin()
    {
        if (!IsThinking)
        {
            IsThinking = true;
            _writer.BeginReasoning();
        }
    }
}
