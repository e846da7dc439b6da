using Crescent.Server.Http;

namespace Crescent.Server;

/// <summary>The models that a server has.</summary>
public sealed class ModelRegistry(IReadOnlyList<ServedModel> models)
{
    public IReadOnlyList<ServedModel> Models => models;

    /// <summary>The only model, whatever it is called; of several the one of that name, the first where none is given.</summary>
    /// <exception cref="ApiException">There is none of that name.</exception>
    public ServedModel Find(string? name) =>
        models.Count == 1 || string.IsNullOrEmpty(name) ? models[0]
        : models.FirstOrDefault(model => model.Name == name) ?? throw ApiException.ModelNotFound(name);

    /// <summary>The model of exactly that name.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    public ServedModel FindExactly(string name) => models.FirstOrDefault(model => model.Name == name) ?? throw ApiException.ModelNotFound(name);
}
