namespace Crescent.Cli.Charts;

/// <summary>The panels of one model.</summary>
internal sealed record ChartRow(string Title, string Subtitle, IReadOnlyList<ChartPanel> Panels);
