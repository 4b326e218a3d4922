using System.CommandLine;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.BuildingBlocks;

/// <summary>A module's table of contents: all it does, one line each.</summary>
public interface IModule
{
    /// <summary>Its CREATE TABLE statements for MySQL and MariaDB, each safe to run again.</summary>
    string Tables => "";

    /// <summary>The events it owns.</summary>
    IEnumerable<JsonTypeInfo> Events => [];

    /// <summary>How its requests and answers are written: source generated.</summary>
    IEnumerable<JsonSerializerContext> Json => [];

    /// <summary>The kinds of mail it sends.</summary>
    IEnumerable<MailTemplate> Mails => [];

    /// <summary>How often its routes may be used; <see cref="Limit.General"/> holds besides.</summary>
    IEnumerable<Limit> Limits => [];

    void Services(IServiceCollection services, IConfiguration settings) { }

    /// <summary>What runs by itself beside the web server, started after the read models and before the first request is taken.</summary>
    void Work(IServiceCollection services) { }

    void Routes(IEndpointRouteBuilder routes) { }

    IEnumerable<Projection> Projections => [];

    IEnumerable<Reaction> Reactions(IServiceProvider services) => [];

    /// <summary>What is to be done once a day, at night.</summary>
    IEnumerable<Job> Jobs(IServiceProvider services) => [];

    /// <summary>What it adds to the <c>kiwicar</c> program; <paramref name="app"/> gives the services, built on first use.</summary>
    IEnumerable<Command> Commands(Func<IServiceProvider> app) => [];
}
