namespace Crescent.Cli.Json;

/// <param name="Table">The table, Markdown.</param>
/// <param name="Results">All results, JSON.</param>
internal sealed record AblateJson(string Table, string Results, int Runs);
