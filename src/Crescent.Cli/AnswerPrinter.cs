using System.Globalization;
using Crescent.Text.Answers;

namespace Crescent.Cli;

/// <summary>Shows a growing answer: text as it is, a call as <c>functions.NAME:0 {json}</c> on a line of its own, and reasoning dim beside it for whoever watches.</summary>
internal sealed class AnswerPrinter(Terminal terminal)
{
    private bool _atLineStart = true;
    private bool _isReasoning;
    private bool _endedByCall;

    public void Write(IReadOnlyList<AnswerEvent> events)
    {
        foreach (var piece in events)
        {
            if (piece.Kind == AnswerEventKind.Reasoning)
            {
                Reason(piece.Text);
            }
            else
            {
                EndReasoning();
                Write(piece);
            }
        }

        if (events.Count > 0)
        {
            terminal.Out.Flush();
        }
    }

    /// <summary>Ends the answer's last line.</summary>
    public void Finish()
    {
        EndReasoning();
        if (!_endedByCall)
        {
            terminal.Out.WriteLine();
        }

        terminal.Out.Flush();
    }

    private void Write(AnswerEvent piece)
    {
        switch (piece.Kind)
        {
            case AnswerEventKind.CallBegin:
                var line = _atLineStart ? "" : "\n";
                Print(string.Create(CultureInfo.InvariantCulture, $"{line}functions.{piece.CallName}:{piece.CallIndex} "));
                break;
            case AnswerEventKind.CallEnd:
                Print("\n");
                _endedByCall = true;
                break;
            default:
                Print(piece.Text);
                break;
        }
    }

    private void Print(string text)
    {
        terminal.Out.Write(text);
        _atLineStart = text.EndsWith('\n');
        _endedByCall = false;
    }

    // Nobody who reads results from a pipe asked for it.
    private bool ShowsReasoning => terminal.IsInteractive && !terminal.Quiet;

    private void Reason(string text)
    {
        if (ShowsReasoning)
        {
            _isReasoning = true;
            terminal.Out.Flush();
            terminal.Error.Write(terminal.Color ? $"\e[2m{text}\e[0m" : text);
        }
    }

    private void EndReasoning()
    {
        if (_isReasoning)
        {
            _isReasoning = false;
            terminal.Error.WriteLine();
            terminal.Error.Flush();
        }
    }
}
