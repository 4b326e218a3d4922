using System.CommandLine;
using DotNetEnv;
using KiwiCar.Host;
using KiwiCar.Host.Ops;

// The environment wins over .env, so that a deployment's settings are never overridden by a file somebody left.
if (File.Exists(".env")) Env.NoClobber().Load();

var services = new Lazy<IServiceProvider>(() => Server.Build([], serves: false).Services);
var root = new RootCommand("KiwiCar, a used-car marketplace. Without a command it serves the HTTP API; the commands are for operators and analysts.")
{
    Projections.Command(() => services.Value),
    Events.Command(() => services.Value),
    Jobs.Command(() => services.Value),
    Outbox.Command(() => services.Value),
    Tour.Command(),
};
foreach (var command in Modules.All.SelectMany(m => m.Commands(() => services.Value))) root.Add(command);
root.SetAction((_, ct) => Server.Run(ct));
return await Failure.Explain(() => root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }));
