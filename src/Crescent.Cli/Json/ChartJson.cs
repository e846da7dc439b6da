namespace Crescent.Cli.Json;

internal sealed record ChartJson(string Path, int Rows, int Panels);
