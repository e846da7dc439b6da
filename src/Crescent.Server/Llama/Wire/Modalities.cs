namespace Crescent.Server.Llama.Wire;

internal sealed record Modalities(bool Vision, bool Audio);
