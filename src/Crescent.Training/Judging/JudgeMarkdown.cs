using System.Globalization;
using System.Text;

namespace Crescent.Training.Judging;

/// <summary>A report as people read it.</summary>
public static class JudgeMarkdown
{
    public static string Write(JudgeReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder();
        Line(text, $"# {report.Model.Name}\n");
        Line(text, $"Seed {report.Seed}. {Speed(report.Model)}.\n");
        Line(text, $"## Held-out loss\n\nIn pieces of at most {report.Context} tokens; of conversations what the assistant writes.\n");
        Losses(text, report.Losses);
        if (report.Other is { } other)
        {
            Compare(text, other);
        }

        Tools(text, report);
        Samples(text, report);
        return text.ToString();
    }

    private static void Losses(StringBuilder text, IReadOnlyList<KindLoss> losses)
    {
        Line(text, $"| kind | tokens | nats a token | perplexity | bits a byte |\n|---|---:|---:|---:|---:|");
        foreach (var loss in losses)
        {
            Line(text, $"| {loss.Kind} | {loss.Tokens} | {loss.Loss:F4} | {loss.Perplexity:F2} | {(loss.BitsPerByte is { } bits ? bits.ToString("F3", CultureInfo.InvariantCulture) : "–")} |");
        }
    }

    private static void Compare(StringBuilder text, ComparedModel other)
    {
        Line(text, $"\n## Beside {other.Model.Name}\n\n{Speed(other.Model)}. Divergence is KL({other.Model.Name} ‖ this model).\n");
        Line(text, $"| kind | tokens | its nats a token | divergence, nats a token | largest | same first choice |\n|---|---:|---:|---:|---:|---:|");
        foreach (var (loss, divergence) in other.Losses.Zip(other.Divergences))
        {
            Line(text, $"| {loss.Kind} | {loss.Tokens} | {loss.Loss:F4} | {divergence.Divergence:F5} ± {divergence.StandardError:F5} | {divergence.Largest:F3} | {divergence.SameFirst * 100:F1} % |");
        }
    }

    private static void Tools(StringBuilder text, JudgeReport report)
    {
        Line(text, $"\n## Tools\n\nTurns of held-out conversations with at least {report.LeastTools} tools on offer, the likeliest token each time. {report.LeftOut} turns with fewer tools were left out.");
        Line(text, $"\n### Turns that call a tool, answered freely\n");
        Line(text, $"| kind | turns | called | right tool | right arguments | but for case and blanks | malformed | fit the schema |\n|---|---:|---:|---:|---:|---:|---:|---:|");
        Tallies(text, report.Calls, tally => [tally.Called, tally.RightTool, tally.RightArguments, tally.NearlyRightArguments, tally.Malformed, tally.FitSchema]);
        Line(text, $"\n### The same turns, bound to a call that fits\n");
        Line(text, $"| kind | turns | fit the schema | right tool | right arguments | but for case and blanks |\n|---|---:|---:|---:|---:|---:|");
        Tallies(text, report.BoundCalls, tally => [tally.FitSchema, tally.RightTool, tally.RightArguments, tally.NearlyRightArguments]);
        Line(text, $"\n### Turns that say something, answered freely\n");
        Line(text, $"| kind | turns | no call | malformed |\n|---|---:|---:|---:|");
        Tallies(text, report.Texts, tally => [tally.Turns - tally.Called, tally.Malformed]);
    }

    private static void Tallies(StringBuilder text, IReadOnlyList<ToolTally> tallies, Func<ToolTally, int[]> counts)
    {
        foreach (var tally in tallies)
        {
            var shares = counts(tally).Select(count => string.Create(CultureInfo.InvariantCulture, $"{count} ({100.0 * count / tally.Turns:F1} %)"));
            Line(text, $"| {tally.Kind} | {tally.Turns} | {string.Join(" | ", shares)} |");
        }
    }

    private static void Samples(StringBuilder text, JudgeReport report)
    {
        if (report.Samples.Count > 0)
        {
            Line(text, $"\n## Samples\n\nThe first answer to each prompt, whole: temperature 0.7, top-p 0.95, seed {report.Seed}.");
        }

        foreach (var sample in report.Samples)
        {
            Line(text, $"\n**{sample.Prompt.ReplaceLineEndings(" ")}**\n");
            Line(text, $"{Quoted(string.Join('\n', [.. sample.Text.Length > 0 ? [sample.Text] : Array.Empty<string>(), .. sample.Calls.Select(call => $"→ {call}")]))}\n");
            Line(text, $"{sample.Tokens} tokens{(sample.IsWhole ? "" : ", cut off")}");
        }
    }

    private static string Quoted(string answer) => string.Join('\n', answer.ReplaceLineEndings("\n").Split('\n').Select(line => $"    {line}"));

    private static string Speed(JudgedSpeed model) => string.Create(
        CultureInfo.InvariantCulture, $"{model.Name}: {model.Bytes / 1e6:F1} MB, {model.ScoringTokensPerSecond:F0} tokens/s where losses were taken, {model.AnswerTokensPerSecond:F0} tokens/s of one answer");

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
