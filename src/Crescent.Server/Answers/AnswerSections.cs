using Crescent.Text.Answers;

namespace Crescent.Server.Answers;

/// <summary>Cuts an answer into sections that follow each other: one closes before the next opens.</summary>
internal sealed class AnswerSections
{
    private readonly List<AnswerSection> _all = [];
    private AnswerSection? _open;

    public IReadOnlyList<AnswerSection> All => _all;

    public IReadOnlyList<SectionStep> Push(AnswerEvent piece)
    {
        var steps = new List<SectionStep>(3);
        switch (piece.Kind)
        {
            case AnswerEventKind.Reasoning:
                Continue(SectionKind.Reasoning, piece.Text, steps);
                break;
            case AnswerEventKind.Text:
                Continue(SectionKind.Text, piece.Text, steps);
                break;
            case AnswerEventKind.CallBegin:
                Open(new AnswerSection(SectionKind.Call, _all.Count, piece.CallId ?? "", piece.CallName ?? ""), steps);
                break;
            case AnswerEventKind.CallArguments:
                Continue(SectionKind.Call, piece.Text, steps);
                break;
            case AnswerEventKind.CallEnd:
                if (_open is { Kind: SectionKind.Call, Text.Length: 0 })
                {
                    Continue(SectionKind.Call, "{}", steps); // clients parse what they get
                }

                Close(steps);
                break;
        }

        return steps;
    }

    /// <summary>The answer ends: so does what is open.</summary>
    public IReadOnlyList<SectionStep> Finish()
    {
        var steps = new List<SectionStep>(1);
        Close(steps);
        return steps;
    }

    private void Continue(SectionKind kind, string text, List<SectionStep> steps)
    {
        if (_open?.Kind != kind)
        {
            Open(new AnswerSection(kind, _all.Count), steps);
        }

        _open!.Append(text);
        steps.Add(new SectionStep(SectionStepKind.Append, _open, text));
    }

    private void Open(AnswerSection section, List<SectionStep> steps)
    {
        Close(steps);
        _open = section;
        _all.Add(section);
        steps.Add(new SectionStep(SectionStepKind.Open, section));
    }

    private void Close(List<SectionStep> steps)
    {
        if (_open is not null)
        {
            steps.Add(new SectionStep(SectionStepKind.Close, _open));
            _open = null;
        }
    }
}
