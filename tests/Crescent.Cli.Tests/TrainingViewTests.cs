using Crescent.Cli;
using Crescent.Training.Runs;
using Xunit;

namespace Crescent.Tests;

public sealed class TrainingViewTests
{
    [Fact]
    public void Each_step_rewrites_the_lines()
    {
        var (error, view) = View(80);
        view.Show(Step(1, 4, 1000));
        Assert.Equal(
            "\rstep 1/4  ██████░░░░░░░░░░░░░░░░░░ 25.0 %  1.00 M tokens\e[K\nloss 4.0000  ▁\e[K\ngradient 0.50  rate 0.002  largest logit 12.5, 2 heads clipped\e[K\n"
            + "experts 0.25 to 1.75 of an even share, in INT4\e[K\n1000 tokens/s  2 GFLOP/s\e[K",
            error.ToString());
        error.GetStringBuilder().Clear();

        // A million tokens at 500 a second take 2000 s, and two steps are left.
        view.Show(Step(2, 2, 500));
        Assert.Equal(
            "\r\e[4Astep 2/4  ████████████░░░░░░░░░░░░ 50.0 %  2.00 M tokens  1:06:40 left\e[K\nloss 2.0000  █▁\e[K", string.Join('\n', error.ToString().Split('\n')[..2]));
        error.GetStringBuilder().Clear();
        view.Dispose();
        view.Dispose();
        Assert.Equal("\n", error.ToString());
    }

    [Fact]
    public void Lines_fit_a_narrow_screen()
    {
        var (error, view) = View(30);
        for (var i = 1; i <= 40; i++)
        {
            error.GetStringBuilder().Clear();
            view.Show(Step(i, i, 1000));
        }

        var lines = error.ToString()["\r\e[4A".Length..].Replace("\e[K", "", StringComparison.Ordinal).Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 29));
        Assert.Equal("loss 40.0000  ▁▂▂▃▃▄▄▅▅▆▆▇▇██", lines[1]);
    }

    [Theory]
    [InlineData(new[] { 1.0, 2, 3, 4, 5, 6, 7, 8 }, "▁▂▃▄▅▆▇█")]
    [InlineData(new[] { 3.0, 3 }, "▁▁")]
    [InlineData(new[] { 0, double.NaN, 1 }, "▁!█")]
    public void Bars_stand_for_numbers(double[] values, string bars) => Assert.Equal(bars, Sparkline.Draw(values));

    private static (StringWriter Error, TrainingView View) View(int width)
    {
        var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal { In = TextReader.Null, Out = TextWriter.Null, Error = error, OpenInput = () => Stream.Null, IsInteractive = true, Width = width };
        return (error, new TrainingView(terminal, width == 80 ? 4 : 40));
    }

    private static StepLog Step(int step, double loss, double speed) =>
        new(step, step * 1_000_000L, loss, 1, 0.002f, 0.5, 2, true, speed, 2e9, [[1, 12.5f], [3, 2]], [[0.25f, 1], [1.75f, 1]]);
}
