using Crescent.Cli;
using Crescent.Text.Answers;
using Xunit;

namespace Crescent.Tests;

public sealed class AnswerPrinterTests
{
    [Theory]
    [InlineData(true, "Hm.\n")]
    [InlineData(false, "")]
    public void A_call_stands_on_a_line_of_its_own_and_reasoning_beside_the_text(bool isInteractive, string error)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var printer = new AnswerPrinter(new Terminal { In = TextReader.Null, Out = output, Error = errors, OpenInput = () => Stream.Null, IsInteractive = isInteractive });
        printer.Write(
        [
            new AnswerEvent(AnswerEventKind.Reasoning, "H"), new AnswerEvent(AnswerEventKind.Reasoning, "m."), new AnswerEvent(AnswerEventKind.Text, "Text."),
            new AnswerEvent(AnswerEventKind.CallBegin, "", 0, "call_0", "f"), new AnswerEvent(AnswerEventKind.CallArguments, "{\"a\":", 0),
            new AnswerEvent(AnswerEventKind.CallArguments, " 1}", 0), new AnswerEvent(AnswerEventKind.CallEnd, "", 0),
            new AnswerEvent(AnswerEventKind.CallBegin, "", 1, "call_1", "g"), new AnswerEvent(AnswerEventKind.CallEnd, "", 1),
        ]);
        printer.Finish();
        Assert.Equal("Text.\nfunctions.f:0 {\"a\": 1}\nfunctions.g:1 \n", output.ToString());
        Assert.Equal(error, errors.ToString());
    }
}
