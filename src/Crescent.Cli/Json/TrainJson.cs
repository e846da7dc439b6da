namespace Crescent.Cli.Json;

/// <param name="Tokens">Tokens trained on in all; null where nothing was left to do.</param>
/// <param name="Loss">Of the last step; null where nothing was left to do.</param>
internal sealed record TrainJson(string Release, int Steps, long? Tokens, double? Loss);
