using Crescent.Server.Http;
using Crescent.Server.Models;

namespace Crescent.Server.Ollama;

/// <summary>Finds models by Ollama's names, which may end in a tag.</summary>
internal static class OllamaModels
{
    private const string StandardTag = ":latest";

    /// <inheritdoc cref="ModelRegistry.Find"/>
    public static KnownModel Find(ModelRegistry models, string name) => Told(models.Find, name);

    /// <inheritdoc cref="ModelRegistry.FindExactly"/>
    public static KnownModel FindExactly(ModelRegistry models, string name) => Told(models.FindExactly, name);

    private static KnownModel Told(Func<string, KnownModel> find, string name)
    {
        try
        {
            return find(name.EndsWith(StandardTag, StringComparison.Ordinal) ? name[..^StandardTag.Length] : name);
        }
        catch (ApiException exception) when (exception.Error.Status == 404)
        {
            throw new ApiException(exception.Error with { Message = $"model '{name}' not found" }); // the words that clients look for
        }
    }
}
