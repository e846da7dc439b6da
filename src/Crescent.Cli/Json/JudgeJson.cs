namespace Crescent.Cli.Json;

/// <param name="Report">The report for people, Markdown.</param>
/// <param name="Figures">The report for programs, JSON.</param>
internal sealed record JudgeJson(string Report, string Figures);
