using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Engine.Chat.Extensions;

/// <summary>Registers a model in this process with a container of services.</summary>
public static class CrescentServices
{
    /// <summary>
    /// Adds a <see cref="ChatModel"/>, opened when it is first wanted and disposed of with the container, with an <see cref="IChatClient"/> and an embedding generator over it.
    /// </summary>
    /// <param name="path">A GGUF file, or a folder as published.</param>
    public static IServiceCollection AddCrescentChatClient(this IServiceCollection services, string path, ChatModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return services.AddCrescentChatClient(() => ChatModel.Open(path, options));
    }

    /// <summary>As the other, with a model that is opened in another way.</summary>
    /// <param name="open">Opens it when it is first wanted.</param>
    public static IServiceCollection AddCrescentChatClient(this IServiceCollection services, Func<ChatModel> open)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(open);
        services.AddSingleton(_ => open());
        services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(provider => provider.GetRequiredService<ChatModel>().CreateEmbeddingGenerator());
        return services.AddSingleton<IChatClient>(provider => provider.GetRequiredService<ChatModel>().CreateChatClient());
    }

    /// <summary>A client over a model; the model must outlive it.</summary>
    public static CrescentChatClient CreateChatClient(this ChatModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new CrescentChatClient(model.Engine, model.Name, model.Sampling);
    }

    /// <summary>An embedding generator over a model; the model must outlive it.</summary>
    public static CrescentEmbeddingGenerator CreateEmbeddingGenerator(this ChatModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new CrescentEmbeddingGenerator(model.Engine, model.Name);
    }
}
