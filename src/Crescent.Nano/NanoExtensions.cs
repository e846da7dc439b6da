using Crescent.Engine.Chat;
using Crescent.Engine.Chat.Extensions;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Nano;

/// <summary>The model of this assembly where another is named by its path.</summary>
public static class NanoExtensions
{
    extension(ChatModel)
    {
        /// <summary>Opens the built-in model, see <see cref="NanoModel"/>.</summary>
        /// <exception cref="NotSupportedException">This build does not hold it.</exception>
        public static ChatModel OpenBuiltIn(ChatModelOptions? options = null) => ChatModel.Open(NanoModel.Folder(), options);
    }

    /// <summary>As <see cref="CrescentServices.AddCrescentChatClient(IServiceCollection, string, ChatModelOptions?)"/>, with the built-in model.</summary>
    public static IServiceCollection AddCrescentChatClient(this IServiceCollection services, ChatModelOptions? options = null) =>
        services.AddCrescentChatClient(() => ChatModel.OpenBuiltIn(options));
}
