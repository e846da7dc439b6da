namespace Crescent.Cli.Json;

internal sealed record DetokenizeJson(string Text);
