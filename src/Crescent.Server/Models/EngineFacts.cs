using Crescent.Engine.Chat;

namespace Crescent.Server.Models;

/// <summary>What is known of a model once it was loaded.</summary>
/// <param name="Context">Most tokens of prompt and answer.</param>
/// <param name="Vocabulary">Number of its tokens.</param>
/// <param name="Template">Name of its chat template.</param>
/// <param name="Parallel">Answers that are generated together.</param>
public sealed record EngineFacts(string Architecture, int Context, int Vocabulary, string Template, bool SupportsTools, int Parallel)
{
    internal static EngineFacts Of(ChatEngine engine) => new(engine.Architecture, engine.Context, engine.Vocabulary, engine.Template.Name, engine.Template.SupportsTools, engine.Options.Parallel);
}
