#ifndef FIELDCAST_SERVICE_H
#define FIELDCAST_SERVICE_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stddef.h>
#include <stdint.h>

// What passes between a program and the service manager that started it.

// Sends a text to the socket of this name; a name that begins with @ is an abstract one. 0 or a
// negative errno.
int32_t fc_notify(const uint8_t *_Nonnull __counted_by(name_length) name __noescape,
                  int32_t name_length,
                  const uint8_t *_Nonnull __counted_by(length) text __noescape,
                  int32_t length);

// Makes an inherited descriptor ready for a loop: it must be a listening stream socket of IP. It
// does not block from here on, and programs that we start do not get it. 0 or a negative errno.
int32_t fc_take_listener(int32_t descriptor);

// Another descriptor for the same socket, or a negative errno.
int32_t fc_duplicate(int32_t descriptor);

#endif
